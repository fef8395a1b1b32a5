/**
 * The object `VERTC`: messages between web pages, in and outside rooms, and between a page and a business server, in the
 * shape in which pages already use it.
 *
 * @example
 * ```ts
 * import VERTC from "parley-sdk/volc";
 *
 * const engine = VERTC.createEngine("123456781234567812345678");
 * engine.on(VERTC.events.onUserMessageReceivedOutsideRoom, ({ userId, message }) => console.log(userId, message));
 * await engine.login(token, "alice");
 * await engine.setServerParams(signature, "https://business.example.com/rtc");
 * await engine.sendServerMessage(JSON.stringify({ request_id: "1", event: "hello" }));
 * ```
 */

/** What an engine is made with; nothing of it concerns messages. */
export interface EngineConfig {
  autoPlayPolicy?: RTCAutoPlayPolicy;
  expectedIDC?: string;
}

/** Who joins a room, or is in it. */
export interface UserInfo {
  /** 1–128 of the characters `a-z A-Z 0-9 @ - _ .` */
  userId: string;
  /** 1–200 UTF-16 units, shown to the others in {@link IEngineEvents.onUserJoined}. */
  extraInfo?: string;
}

/** How to join a room. */
export interface RoomConfig {
  /** `ROOM_MODE_RTS_ONLY`: while in this room, sends outside of it reject with `NOT_ALLOWED_IN_RTS_ROOM`. */
  roomMode?: RoomMode;
  /** These concern audio and video, and are not looked at. */
  isAutoPublish?: boolean;
  isAutoSubscribeAudio?: boolean;
  isAutoSubscribeVideo?: boolean;
  roomProfileType?: RoomProfileType;
  remoteVideoConfig?: object;
}

/** A text message. */
export interface UserMessageEvent {
  /** The sender: a user, or the business server under the name that it gives itself. */
  userId: string;
  message: string;
}

/** A message of bytes. */
export interface UserBinaryMessageEvent {
  userId: string;
  /** The receiver's own copy. */
  message: ArrayBuffer;
}

/** What {@link IEngineEvents.onConnectionStateChanged} tells. */
export interface ConnectionStateChangeEvent {
  state: ConnectionState;
  /** Never set by Parley. */
  reason?: ReconnectReason;
}

/** What {@link IEngineEvents.onUserJoined} tells. */
export interface onUserJoinedEvent {
  userInfo: UserInfo;
  /** All false: there is no audio or video. */
  publishState: { audio: boolean; video: boolean; screenAudio: boolean; screenVideo: boolean };
}

/** What {@link IEngineEvents.onUserLeave} tells. */
export interface onUserLeaveEvent {
  userInfo: UserInfo;
  reason: UserOfflineReason;
  tag?: UserDisconnectionTag;
}

/** What {@link IEngineEvents.onError} tells: something that does not mend by itself. */
export interface EngineErrorEvent {
  /**
   * `DUPLICATE_LOGIN`: the same user has joined the room elsewhere. `RTM_DUPLICATE_LOGIN`: the same user has logged in
   * elsewhere. `RTM_TOKEN_ERROR`: the login's token was refused; `updateLoginToken` brings the login back. `TOKEN_EXPIRED`:
   * the room's token has ended. `KICKED_OUT`, `ROOM_DISMISS`: by the operator. `RECONNECT_FAILED`: refused on the way back.
   */
  errorCode: "DUPLICATE_LOGIN" | "RTM_DUPLICATE_LOGIN" | "RTM_TOKEN_ERROR" | "TOKEN_EXPIRED" | "RECONNECT_FAILED" | "KICKED_OUT" | "ROOM_DISMISS";
  /** Until when the room is closed to the user, unix ms; 0: it may be entered again. */
  forbiddenTime?: number;
}

/** Code of an {@link SDKError}: a key of `VERTC.ErrorCode`. */
export type ErrorCode =
  | "INVALID_ENGINE" | "INVALID_PARAMS" | "INVOKED_BEFORE_JOIN_ROOM" | "INVALID_TOKEN" | "JOIN_ROOM_FAILED"
  | "UPDATE_TOKEN_WITH_INVALID_TOKEN" | "UPDATE_TOKEN_BEFORE_JOIN" | "REPEAT_JOIN" | "REPEAT_PUBLISH" | "REPEAT_PUSH"
  | "REPEAT_PLAY" | "PUBLISH_BEFORE_JOIN" | "UNPUBLISH_BEFORE_JOIN" | "SUBSCRIBE_BEFORE_JOIN" | "UNSUBSCRIBE_BEFORE_JOIN"
  | "NO_PUBLISH_PERMISSION" | "STREAM_NOT_EXIST" | "EMPTY_STREAM" | "NOT_CONNECTED_YET" | "IM_BEFORE_JOIN" | "USER_NOT_EXIST"
  | "ALREADY_IN_ROOM" | "KICKED_OUT" | "ROOM_DISMISS" | "TOKEN_EXPIRED" | "TOKEN_NO_PUBLISH_PERMISSION"
  | "TOKEN_NO_SUBSCRIBE_PERMISSION" | "DUPLICATE_LOGIN" | "INVOKED_BEFORE_CAPTURE" | "REPEAT_CAPTURE" | "GET_VIDEO_TRACK_FAILED"
  | "GET_AUDIO_TRACK_FAILED" | "GET_SCREEN_TRACK_FAILED" | "STREAM_TYPE_NOT_MATCH" | "CANT_FIND_DOM" | "INVALID_DEVICE_ID"
  | "NO_PERMISSION" | "NOT_SUPPORTED" | "INTERRUPT" | "ICE_SERVER_WRONG" | "ESTABLISH_DATACHANNEL_FAILED"
  | "LOAD_RESOURCES_FAILED" | "SIGNALING_CHANNEL_NOT_OPEN" | "TIME_OUT" | "REFUSE_OPERATION_IN_DISCONNECT"
  | "ADD_TRANSCEIVER_FAILED" | "UPDATE_TRACK_FAILED" | "PUBLISH_FAILED" | "UNPUBLISH_FAILED" | "SUBSCRIBE_FAILED"
  | "UNSUBSCRIBE_FAILED" | "OPERATION_CANCEL" | "START_CLOUD_PROXY_AFTER_JOIN" | "STOP_CLOUD_PROXY_BEFORE_LEAVE"
  | "UNEXPECTED_ERROR" | "REPEAT_DEVICE_TEST" | "AUDIO_DEVICE_TEST_FAILED" | "ALREADY_LOGIN" | "LOGIN_FAILED" | "NOT_LOGIN"
  | "RTM_DUPLICATE_LOGIN" | "RTM_TOKEN_ERROR" | "USER_MESSAGE_TIMEOUT" | "USER_MESSAGE_BROKEN" | "USER_MESSAGE_NO_RECEIVER"
  | "USER_MESSAGE_NO_RELAYPATH" | "USER_MESSAGE_EXCEED_QPS" | "USER_MESSAGE_SEND_TO_SERVER_ERROR"
  | "USER_MESSAGE_SERVER_RESPONSE_ERROR" | "USER_MESSAGE_NOT_JOIN" | "USER_MESSAGE_INIT" | "USER_MESSAGE_NO_CONNECTION"
  | "USER_MESSAGE_NOT_LOGIN" | "USER_MESSAGE_SERVER_PARAMS_NOTSET" | "USER_MESSAGE_UNKNOWN" | "START_PUBLIC_STREAM_BEFORE_JOIN"
  | "RECONNECT_FAILED" | "SUBTITLE_ALREADY_ON" | "SUBTITLE_NOT_TURNED_ON" | "SUBTITLE_ERR_POSTPROCESS"
  | "SUBTITLE_ERR_CONNECTION_ERROR" | "SUBTITLE_ERR_PROCESS_ERROR" | "SUBTITLE_ERR_UNKNOWN" | "UNEXPECTED_INVOKE_FORWARD_STREAM"
  | "ROOM_FORBIDDEN" | "USER_FORBIDDEN" | "ERR_ELECTRON_IS_NULL" | "ELECTRON_DESKTOP_CAPTURER_GET_SOURCES_ERROR"
  | "SET_SIMULCAST_FAILED" | "MIXING_OLD_AND_NEW_APIS" | "WTN_PUSH_FAILED" | "WTN_PLAY_FAILED" | "NOT_ALLOWED_IN_RTS_ROOM"
  | "NOT_ALLOWED_IN_RESTRICTED_MODE";

/** What calls reject with, and what `createEngine` and `destroyEngine` throw. */
export interface SDKError extends Error {
  code: ErrorCode;
  message: string;
  /** The cause, when the SDK itself failed: mostly a `ParleyError`, with the next step. */
  error?: unknown;
}

/** Events that occur, with the arguments of their listeners. */
export interface IEngineEvents {
  /** A text for this user alone, from somebody in the room or from the business server. */
  onUserMessageReceived: (event: UserMessageEvent) => void;
  onUserBinaryMessageReceived: (event: UserBinaryMessageEvent) => void;
  /** A text for everyone in the room. */
  onRoomMessageReceived: (event: UserMessageEvent) => void;
  onRoomBinaryMessageReceived: (event: UserBinaryMessageEvent) => void;
  /** A text outside rooms, from a user or from the business server. */
  onUserMessageReceivedOutsideRoom: (event: UserMessageEvent) => void;
  onUserBinaryMessageReceivedOutsideRoom: (event: UserBinaryMessageEvent) => void;
  /** After `setServerParams`, and when a reconnection has set them again: nothing, or why not. */
  onServerParamsSetResult: (error?: ErrorCode) => void;
  /** Of the login's connection or of the room's. */
  onConnectionStateChanged: (event: ConnectionStateChangeEvent) => void;
  onError: (event: EngineErrorEvent) => void;
  /** The room's token ends in 30 s: call `updateToken`. */
  onTokenWillExpire: () => void;
  /** Somebody is in the room: also told, after joining, of those who were there before. */
  onUserJoined: (event: onUserJoinedEvent) => void;
  onUserLeave: (event: onUserLeaveEvent) => void;
}

/** Events of Parley's own: what the originals don't tell. */
export interface IParleyEvents {
  /** Messages of the room, or without `roomId` those outside rooms, are lost for this page: positions above the first up to the second. */
  "parley.messagesMissed": (event: { roomId?: string; afterMessageID: number; nextMessageID: number }) => void;
  /** So many messages of the lossy kind, which other dialects send, were left out for this page. */
  "parley.messagesDropped": (event: { roomId: string; count: number }) => void;
}

/** Events of audio and video: listeners may be registered, nothing comes. */
export type MediaEvent =
  | "onTrackEnded" | "onTrackMute" | "onTrackUnmute" | "onPlayerEvent" | "onAutoplayFailed" | "onUserPublishStream"
  | "onUserUnpublishStream" | "onUserPublishScreen" | "onUserUnpublishScreen" | "onVideoFirstFrameRendered"
  | "onVideoFirstFrameDecoded" | "onRemoteVideoFirstFrame" | "onAudioFirstFrameDecoded" | "onRemoteAudioFirstFrame"
  | "onFirstPublicStreamVideoFrameRendered" | "onFirstPublicStreamVideoFrameDecoded" | "onFirstPublicStreamAudioFrameDecoded"
  | "onVideoDeviceStateChanged" | "onAudioDeviceStateChanged" | "onRemoteStreamStats" | "onPublicStreamStats"
  | "onLocalStreamStats" | "onLocalStatsException" | "onRemoteStatsException" | "onPublicStatsException"
  | "onAudioVolumeIndication" | "onLocalAudioPropertiesReport" | "onRemoteAudioPropertiesReport" | "onActiveSpeaker"
  | "onAudioPlaybackDeviceChanged" | "onUserStartVideoCapture" | "onUserStopVideoCapture" | "onUserStartAudioCapture"
  | "onUserStopAudioCapture" | "onAutoPublishResult" | "onAutoSubscribeResult" | "onLiveTranscodingResult" | "onStreamMixingEvent"
  | "onAudioPlaybackDeviceTestVolume" | "onSEIMessageReceived" | "onAudioMixingStateChanged" | "onTokenPublishPrivilegeWillExpire"
  | "onTokenPublishPrivilegeDidExpired" | "onTokenSubscribePrivilegeWillExpire" | "onTokenSubscribePrivilegeDidExpired"
  | "onCloudProxyConnected" | "onPushPublicStreamResult" | "onPublicStreamSEIMessageReceived" | "onNetworkQuality"
  | "onSimulcastSubscribeFallback" | "onRemoteVideoSizeChanged" | "onVideoStreamBanned" | "onAudioStreamBanned"
  | "onLocalVideoSizeChanged" | "onSubtitleStateChanged" | "onSubtitleMessageReceived" | "onLocalStreamTrackChangedByExtension"
  | "onVendorConnectionStateChanged" | "onForwardStreamError" | "onRejoinWithTcp" | "onIceConnectWithTcp" | "onPublishRetry"
  | "onSubscribeRetry" | "onPublishResult" | "onSubscribeResult" | "onSEIStreamUpdate" | "onPlayerVisibility"
  | "onJitterBufferTargetStabled";

/** Names of all events. */
export type EventName = keyof IEngineEvents | MediaEvent;

/** The listener of an event; of a name that is none of ours, any function. */
export type EventListener<Name> = Name extends keyof IEngineEvents ? IEngineEvents[Name]
  : Name extends keyof IParleyEvents ? IParleyEvents[Name] : (...args: never[]) => void;

/** Audio and video methods that answer with a promise: it rejects with `NOT_SUPPORTED`. */
export type MediaPromise =
  | "publishStream" | "unpublishStream" | "publishScreen" | "unpublishScreen" | "subscribeStream" | "unsubscribeStream"
  | "subscribeScreen" | "unsubscribeScreen" | "setAudioCaptureDevice" | "setVideoCaptureDevice" | "startVideoCapture"
  | "stopVideoCapture" | "startAudioCapture" | "stopAudioCapture" | "startAudioAndVideoCapture" | "startVideoAndAudioCapture"
  | "startScreenCapture" | "stopScreenCapture" | "setAudioPlaybackDevice" | "play" | "pauseAllSubscribedStream"
  | "resumeAllSubscribedStream" | "setVideoEncoderConfig" | "setScreenEncoderConfig" | "setRemoteVideoConfig"
  | "setRemoteSimulcastStreamType" | "setLocalSimulcastMode" | "startLiveTranscoding" | "updateLiveTranscoding"
  | "stopLiveTranscoding" | "setExternalVideoTrack" | "setExternalAudioTrack" | "setVideoSourceType" | "setAudioSourceType"
  | "setAudioCaptureConfig" | "setVideoCaptureConfig" | "startPushPublicStream" | "updatePublicStreamParam"
  | "stopPushPublicStream" | "startPlayPublicStream" | "stopPlayPublicStream" | "setDummyCaptureImagePath"
  | "startAudioPlaybackDeviceTest" | "startAudioDeviceRecordTest" | "setAudioProfile" | "setAudioEncodeMaxBitrate"
  | "takeLocalSnapshot" | "takeRemoteSnapshot" | "registerExtension" | "startSubtitle" | "updateSubtitleConfig" | "connect"
  | "startForwardStreamToRooms" | "updateForwardStreamToRooms" | "stopForwardStreamToRooms" | "pauseForwardStreamToAllRooms"
  | "resumeForwardStreamToAllRooms" | "setAudioSelectionConfig" | "setEarMonitorMode";

/** Audio and video methods that answer nothing, and warn once. */
export type MediaVoid =
  | "setLocalVideoPlayer" | "setRemoteVideoPlayer" | "setLocalVideoMirrorType" | "setRemoteVideoMirrorType" | "stop"
  | "getAudioVolume" | "setAudioFrameCallback" | "sendSEIMessage" | "enableSimulcastMode" | "setAudioVolumeIndicationInterval"
  | "enableAudioPropertiesReport" | "getAudioMixingManager" | "getWTNStreamManager" | "getCallId" | "startCloudProxy"
  | "stopCloudProxy" | "setPublicStreamVideoPlayer" | "defaultTranscoding" | "setSubscribeFallbackOption"
  | "setRemoteUserPriority" | "stopAudioPlaybackDeviceTest" | "stopAudioDeviceRecordAndPlayTest" | "stopAudioDevicePlayTest"
  | "getLocalStreamTrack" | "getRemoteStreamTrack" | "getPublicStreamTrack" | "stopSubtitle" | "setRemoteStreamRenderSync"
  | "setJoinRoomParams" | "setCaptureVolume" | "setPlaybackVolume" | "setPublicStreamVolume" | "getRemoteVideoStats"
  | "getRemoteAudioStats" | "getLocalVideoStats" | "getLocalAudioStats" | "getPublicVideoStats" | "getPublicAudioStats"
  | "setEarMonitorVolume" | "getLocalVideoPlayerVisibility" | "getRemotePlayerVisibility" | "setJitterBufferTarget";

type Media =
  & { [Name in MediaPromise]: (...args: readonly unknown[]) => Promise<never> }
  & { [Name in MediaVoid]: (...args: readonly unknown[]) => undefined };

/** The listeners of an engine: any function, any number of times, called in the order in which they were added. */
export interface EngineEmitter {
  on<Name extends EventName | keyof IParleyEvents | (string & {}) | symbol>(event: Name, listener: EventListener<Name>, context?: unknown): this;
  once<Name extends EventName | keyof IParleyEvents | (string & {}) | symbol>(event: Name, listener: EventListener<Name>, context?: unknown): this;
  addListener<Name extends EventName | keyof IParleyEvents | (string & {}) | symbol>(event: Name, listener: EventListener<Name>, context?: unknown): this;
  /** Takes a listener away, as often as it was added; also from inside itself. */
  off<Name extends EventName | keyof IParleyEvents | (string & {}) | symbol>(event: Name, listener?: EventListener<Name>, context?: unknown, once?: boolean): this;
  removeListener<Name extends EventName | keyof IParleyEvents | (string & {}) | symbol>(
    event: Name, listener?: EventListener<Name>, context?: unknown, once?: boolean,
  ): this;
  removeAllListeners(event?: EventName | keyof IParleyEvents | (string & {}) | symbol): this;
  /** Calls the listeners now, and throws what one of them throws. */
  emit(event: EventName | keyof IParleyEvents | (string & {}) | symbol, ...args: readonly unknown[]): boolean;
  /** Calls the listeners now; what one throws goes to the page's error handling. */
  safeEmit(event: EventName | keyof IParleyEvents | (string & {}) | symbol, ...args: readonly unknown[]): boolean;
  /** Calls the listeners in a later turn, as `safeEmit`. */
  asyncEmit(event: EventName | keyof IParleyEvents | (string & {}) | symbol, ...args: readonly unknown[]): Promise<void>;
  listeners(event: EventName | keyof IParleyEvents | (string & {}) | symbol): ((...args: never[]) => unknown)[];
  listenerCount(event: EventName | keyof IParleyEvents | (string & {}) | symbol): number;
  eventNames(): (string | symbol)[];
}

/**
 * One engine. It has two planes, each with a user and a token of its own, and neither needs the other: the login, for
 * messages outside rooms and to the business server, and one room.
 *
 * Methods reject with an {@link SDKError}; they never throw. Arguments are checked before the state. A message is at most
 * 64 KB (65,536 bytes, of UTF-8 for text); a longer one rejects with `INVALID_PARAMS`.
 */
export interface IRTCEngine extends EngineEmitter, Media {
  /**
   * Logs in. Stays open while there is no network. `LOGIN_FAILED`: refused, `message` says why; `ALREADY_LOGIN`: this engine
   * is logged in. A later login of the same user elsewhere ends this one, with `onError` `RTM_DUPLICATE_LOGIN`.
   *
   * @param token `null` for an app whose server asks for none.
   */
  login(token: string | null, userId: string): Promise<void>;
  /** `NOT_LOGIN`: not logged in, or not yet. */
  logout(): Promise<void>;
  /** For the next time that a token is needed. After a login that failed for its token: logs in again with this one. */
  updateLoginToken(token: string | null): Promise<void>;
  /** Whether a user is logged in. `NOT_LOGIN`: this engine is not. */
  getPeerOnlineStatus(userId: string): Promise<USER_ONLINE_STATUS>;
  /** Resolves when the server has it for a session of that user. `USER_MESSAGE_NO_RECEIVER`: there is none. */
  sendUserMessageOutsideRoom(userId: string, message: string): Promise<void>;
  sendUserBinaryMessageOutsideRoom(userId: string, message: ArrayBuffer): Promise<void>;
  /**
   * Names the business server of this login, and what proves to it who sends: any text. The outcome is also told by
   * `onServerParamsSetResult`.
   */
  setServerParams(signature: string, url: string): Promise<void>;
  /**
   * Has the server POST the message to the business server. `USER_MESSAGE_SERVER_PARAMS_NOTSET`,
   * `USER_MESSAGE_SEND_TO_SERVER_ERROR`: no answer, `USER_MESSAGE_SERVER_RESPONSE_ERROR`: another status than 200.
   */
  sendServerMessage(message: string): Promise<void>;
  sendServerBinaryMessage(message: ArrayBuffer): Promise<void>;

  /**
   * Joins a room. `INVALID_TOKEN`, `JOIN_ROOM_FAILED`, `REPEAT_JOIN`, `USER_FORBIDDEN`. The same user joining the room
   * elsewhere ends this stay, with `onError` `DUPLICATE_LOGIN`.
   */
  joinRoom(token: string | null, roomId: string, userInfo: UserInfo, roomConfig?: RoomConfig): Promise<void>;
  /** Resolves also in no room. A join under way rejects with `JOIN_ROOM_FAILED`. */
  leaveRoom(waitAck?: boolean): Promise<void>;
  /** `UPDATE_TOKEN_BEFORE_JOIN`, `UPDATE_TOKEN_WITH_INVALID_TOKEN`. */
  updateToken(token: string): Promise<void>;
  /** Whether the others see this user come and go. */
  setUserVisibility(enable: boolean): Promise<void>;
  /** Has no effect. `false` in a room. */
  setBusinessId(businessId: string): boolean;
  /** To somebody in the room. `NOT_CONNECTED_YET`: not in a room; `USER_MESSAGE_NO_RECEIVER`: the other is not. */
  sendUserMessage(userId: string, message: string): Promise<void>;
  sendUserBinaryMessage(userId: string, message: ArrayBuffer): Promise<void>;
  /** To everyone else in the room. */
  sendRoomMessage(message: string): Promise<void>;
  sendRoomBinaryMessage(message: ArrayBuffer): Promise<void>;

  destroy(): void;
}

/** What {@link VERTC} has. */
export interface IVERTC {
  /** Names of the events: each key is its own value. */
  readonly events: { readonly [Name in EventName]: Name };
  /** Codes of errors: each key is its own value, but for one. */
  readonly ErrorCode: { readonly [Code in Exclude<ErrorCode, "AUDIO_DEVICE_TEST_FAILED">]: Code } & {
    readonly AUDIO_DEVICE_TEST_FAILED: "AUDIO_DEVICE_RECORD_FAILED";
  };
  readonly platform: string;
  readonly commitInfo: string;
  /** Makes an engine, usable at once: the wasm arrives behind it. Throws `INVALID_PARAMS` for anything but a text. */
  createEngine(appId: string, config?: EngineConfig): IRTCEngine;
  createBLWEngine(appId: string, config?: EngineConfig): IRTCEngine;
  /** Lets go of all that the engine holds. Throws `INVALID_ENGINE` for anything else. */
  destroyEngine(engine: IRTCEngine): void;
  /** The version of the package that this one stands in for. */
  getSdkVersion(): string;
  /** Whether messages work here: WebAssembly and WebSocket. */
  isSupported(): Promise<boolean>;
  getSupportedCodecs(): Promise<string[]>;
  enumerateDevices(): Promise<MediaDeviceInfo[]>;
  enumerateAudioCaptureDevices(): Promise<MediaDeviceInfo[]>;
  enumerateVideoCaptureDevices(): Promise<MediaDeviceInfo[]>;
  enumerateAudioPlaybackDevices(): Promise<MediaDeviceInfo[]>;
  /** Asks for no permission; both are `false`. */
  enableDevices(options?: { video: boolean; audio: boolean }): Promise<{ video: boolean; audio: boolean }>;
  getParameter(key: string): unknown;
  setParameter(key: string, value: unknown): void;
  setLogConfig(config: object): void;
  downloadLog(key?: string): void;
  /** Rejects with `ERR_ELECTRON_IS_NULL`. */
  getElectronScreenSources(type?: "screen" | "window"): Promise<never>;
}

declare const VERTC: IVERTC;
export default VERTC;

/** State of a plane's connection. */
export declare enum ConnectionState {
  CONNECTION_START = 0, CONNECTION_STATE_DISCONNECTED = 1, CONNECTION_STATE_CONNECTING = 2, CONNECTION_STATE_CONNECTED = 3,
  CONNECTION_STATE_RECONNECTING = 4, CONNECTION_STATE_RECONNECTED = 5, CONNECTION_STATE_LOST = 6,
}

/** Why a connection is made again; Parley gives none. */
export declare enum ReconnectReason {
  ICE_FAILED = "iceFailed", NODE_CHANGE = "nodeChange", JOIN_TIMEOUT = "joinTimeout", NOTIFY_RECONNECT = "notifyReconnect",
}

/** What a room is for. */
export declare enum RoomMode { ROOM_MODE_RTC = 0, ROOM_MODE_RTS_ONLY = 1 }

/** Whether a user can be reached outside rooms; `UNREACHABLE` means that it is not known. */
export declare enum USER_ONLINE_STATUS { OFFLINE = 0, ONLINE = 1, UNREACHABLE = 2 }

/** The same, in other words. */
export declare enum UserDisconnectionTag {
  userLeave = "userLeave", connectionLost = "connectionLost", userDuplicateLogin = "userDuplicateLogin",
  kickedByAdmin = "kickedByAdmin", roleChanged = "roleChanged", onUserTokenDidExpire = "onUserTokenDidExpire",
}

/** Why a user is not seen any more. */
export declare enum UserOfflineReason { QUIT = 0, DROPPED = 1, SWITCH_TO_INVISIBLE = 2, KICKED_BY_ADMIN = 3 }

// Enumerations of audio and video. Pages name them; nothing looks at them.

export declare enum AAC_PROFILE { LC = "LC", HEv1 = "HEv1", HEv2 = "HEv2" }
export declare enum AudioMixingDualMonoMode { AUTO = 0, MODE_L = 1, MODE_R = 2, MODE_MIX = 3 }
export declare enum AudioMixingType { PLAYOUT = 0, PUBLISH = 1, PLAYOUT_AND_PUBLISH = 2 }
export declare enum AudioProfileType { default = 0, fluent = 1, standard = 2, hd = 3, standardStereo = 4, hdMono = 5 }
export declare enum AudioReportMode { MICROPHONE = 0, AUDIOMIXING = 1 }
export declare enum AudioSelectionPriority { DEFAULT = 0, HIGH = 1 }
export declare enum AudioSourceType { AUDIO_SOURCE_TYPE_EXTERNAL = 0, AUDIO_SOURCE_TYPE_INTERNAL = 1 }
export declare enum ChannelProfile { CHANNEL_PROFILE_COMMUNICATION = 0, CHANNEL_PROFILE_LIVE_BROADCASTING = 1 }
export declare enum EarMonitorPosition { NONE = 0, AFTER_CAPTURE = 1, AFTER_PROCESS = 2 }
export declare enum FallbackOrRecoverReason { Unknown = -1, SubscribeFallbackByBandwidth = 0, SubscribeRecoverByBandwidth = 2 }
export declare enum ForwardStreamError {
  FORWARD_STREAM_ERROR_OK = 0, FORWARD_STREAM_ERROR_INVALID_TOKEN = 1202, FORWARD_STREAM_ERROR_RESPONSE = 1203,
  FORWARD_STREAM_ERROR_REMOTE_KICKED = 1204, FORWARD_STREAM_ERROR_NOT_SUPPORT = 1205,
}
export declare enum ForwardStreamState { FORWARD_STREAM_STATE_SUCCESS = 0, FORWARD_STREAM_STATE_FAILURE = 1 }
export declare enum LocalMainReportMode { NORMAL = 0, DISCONNECT = 1, RESET = 2 }
export declare enum LogChannel { domestic = 0, overseas = 1 }
export declare enum MediaType { AUDIO = 1, VIDEO = 2, AUDIO_AND_VIDEO = 3 }
export declare enum MirrorMode { MIRROR_MODE_OFF = 0, MIRROR_MODE_ON = 1 }
export declare enum MirrorType { MIRROR_TYPE_NONE = 0, MIRROR_TYPE_RENDER = 1 }
export declare enum NetworkQuality { UNKNOWN = 0, EXCELLENT = 1, GOOD = 2, POOR = 3, BAD = 4, VBAD = 5, DOWN = 6 }
export declare enum PublicInterpolationMode { PREV_FRAME = 0, OTHER_FRAME = 1 }
export declare enum PublicStreamType { AUDIO_AND_VIDEO = 0, AUDIO_ONLY = 1, VIDEO_ONLY = 2 }
export declare enum PublishState { PUBLISH_SUCC = 0, PUBLISH_FAIL = 1 }
export declare enum RTCAutoPlayPolicy { AUTO_PLAY = 0, VIDEO_ONLY = 1, PLAY_MANUALLY = 2 }
export declare enum RemoteUserPriority { LOW = 0, MEDIUM = 100, HIGH = 200 }
export declare enum RoomProfileType { communication = 0, chat = 5, chatRoom = 6, coHost = 9, meeting = 16, classRoom = 18 }
export declare enum SUBTITLE_MODE { ASR_ONLY = 0, ASR_AND_TRANSLATION = 1 }
export declare enum SimulcastStreamType { VIDEO_STREAM_HIGH = "high", VIDEO_STREAM_MID = "mid", VIDEO_STREAM_LOW = "low" }
export declare enum StreamIndex { STREAM_INDEX_MAIN = 0, STREAM_INDEX_SCREEN = 1 }
export declare enum StreamRemoveReason {
  STREAM_REMOVE_REASON_UNPUBLISH = 0, STREAM_REMOVE_REASON_PUBLISH_FAILED = 1, STREAM_REMOVE_REASON_KEEP_LIVE_FAILED = 2,
  STREAM_REMOVE_REASON_CLIENT_DISCONNECTED = 3, STREAM_REMOVE_REASON_REPUBLISH = 4, STREAM_REMOVE_REASON_OTHER = 5,
  STREAM_REMOVE_REASON_TOKEN_PRIVILEGE_EXPIRED = 6,
}
export declare enum SubscribeFallbackOption { DISABLE = 0, VIDEO_STREAM_LOW = 1, AUDIO_ONLY = 2 }
export declare enum SubscribeMode { AUTO_SUBSCRIBE_MODE = 0, MANUAL_SUBSCRIBE_MODE = 1 }
export declare enum SubscribeState { SUBSCRIBE_SUCC = 0, SUBSCRIBE_FAIL = 1 }
export declare enum SubtitleEventType { STARTED = 0, STOPPED = 1, ERROR = 2, UPDATED = 3 }
export declare enum TRANSCODING_VIDEO_CODEC { H264 = "H264", H265 = "H265" }
export declare enum VideoCodecType { AUTO = "auto", H264 = "h264", VP8 = "vp8", H265 = "h265" }
export declare enum VideoRenderMode { RENDER_MODE_HIDDEN = 0, RENDER_MODE_FIT = 1, RENDER_MODE_FILL = 2 }
export declare enum VideoSimulcastMode { VIDEO_ONLY_ONE = 0, VIDEO_ON_DEMAND = 1, VIDEO_ALWAYS_SIMULCAST = 2 }
export declare enum VideoSourceType { VIDEO_SOURCE_TYPE_EXTERNAL = 0, VIDEO_SOURCE_TYPE_INTERNAL = 1 }
export declare enum VisibilityStatus {
  PLAYER_VISIBLE = "visible", PLAYER_INVISIBLE_BY_UNMOUNT = "unmount", PLAYER_INVISIBLE_BY_SIZE = "size",
  PLAYER_INVISIBLE_BY_STYLE = "style", PLAYER_INVISIBLE_BY_POSITION = "position", PLAYER_INVISIBLE_BY_COVERED = "covered",
}
export declare enum WTNPlayState { INIT = 0, START = 1, SUCCESS = 2, STOP = 3, FAIL = 4 }
export declare enum WTNPlayStateChangedReason {
  PLAY_SUCCESS = 0, START_PLAY = 1, STOP_PLAY = 2, REMOTE_STOP = 3, REMOTE_FAILURE = 4, STREAM_BANNED = 5,
  NO_PLAY_PERMISSION = 6, STREAM_NOT_EXIST = 7, IN_RETRY = 8, RETRY_FAIL = 9, INTERNAL = 10,
  OVER_CLIENT_SUBSCRIBE_STREAM_LIMIT = 1310, OVER_STREAM_SUBSCRIBE_USER_LIMIT = 1311,
  OVER_STREAM_SUBSCRIBE_REQUES_TLIMIT = 1312,
}
export declare enum WTNPushState { INIT = 0, START = 1, SUCCESS = 2, STOP = 3, FAIL = 4 }
export declare enum WTNPushStateChangedReason {
  PUSH_SUCCESS = 0, START_PUSH = 1, STOP_PUSH = 2, IN_RETRY = 3, RETRY_FAIL = 4, NO_PUSH_PERMISSION = 5,
  STREAM_PUSH_BY_OTHER = 6,
}
export declare enum WTNRemoteAudioState { STOPED = 0, STARTING = 1, DECODING = 2, FROZEN = 3, FAILED = 4 }
export declare enum WTNRemoteAudioStateChangeReason {
  INTERNAL = 0, NETWORK_CONGESTION = 1, NETWORK_RECOVERY = 2, UNMUTE = 3, MUTE = 4, REMOTE_START = 5, REMOTE_STOP = 6,
}
export declare enum WTNRemoteVideoState { STOPED = 0, STARTING = 1, DECODING = 2, FROZEN = 3, FAILED = 4 }
export declare enum WTNRemoteVideoStateChangeReason {
  INTERNAL = 0, NETWORK_CONGESTION = 1, NETWORK_RECOVERY = 2, UNMUTE = 3, MUTE = 4, REMOTE_START = 5, REMOTE_STOP = 6,
}
export declare enum WTNStreamEventsTypes {
  onWTNPushStateChanged = "onWTNPushStateChanged", onWTNPlayStateChanged = "onWTNPlayStateChanged",
  onWTNRemoteAudioStateChanged = "onWTNRemoteAudioStateChanged", onWTNRemoteVideoStateChanged = "onWTNRemoteVideoStateChanged",
  onWTNRemoteVideoStats = "onWTNRemoteVideoStats", onWTNRemoteAudioStats = "onWTNRemoteAudioStats",
  onWTNFirstRemoteVideoFrameDecoded = "onWTNFirstRemoteVideoFrameDecoded", onWTNSEIMessageReceived = "onWTNSEIMessageReceived",
  onWTNRemoteStatsException = "onWTNRemoteStatsException", onWTNLocalStatsException = "onWTNLocalStatsException",
}
