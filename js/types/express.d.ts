/**
 * The class `ZegoExpressEngine`: rooms and real-time messages, in the shape in which pages already use it.
 *
 * @example
 * ```ts
 * import { ZegoExpressEngine } from "parley-sdk/express";
 *
 * const engine = new ZegoExpressEngine(1000000001, "wss://chat.example.com/ws");
 * engine.on("IMRecvBroadcastMessage", (roomID, messages) => {
 *   for (const { fromUser, message } of messages) console.log(roomID, fromUser.userName, message);
 * });
 * await engine.loginRoom("lobby", token, { userID: "alice" }, { userUpdate: true });
 * await engine.sendBroadcastMessage("lobby", "hello");
 * ```
 */

/** Who somebody is. */
export interface ZegoUser {
  /** 1–64 letters, digits or ``! # $ % & ' ( ) * + , - . ; < = > @ \ ^ _ ` ~``. */
  userID: string;
  /** Up to 256 UTF-16 units; missing or empty: the {@link userID}. */
  userName?: string;
}

/** How to enter a room. */
export interface ZegoRoomConfig {
  /** Whether {@link ZegoEvent.roomUserUpdate} is wanted. `false` by default: not even the first list comes. */
  userUpdate?: boolean;
  /** Room capacity, a whole number; 0 = unlimited. Only the first user's value counts. */
  maxMemberCount?: number;
}

/** How to enter the room that is switched to. */
export interface ZegoSwitchRoomConfig {
  /** Token for the new room. */
  token: string;
  maxMemberCount?: number;
  /** What `userUpdate` is in {@link ZegoRoomConfig}. */
  isUserStatusNotify?: boolean;
}

/** What the room and switch methods reject with. A plain object, not an `Error`. */
export interface ZegoRoomError {
  code: number;
  msg: string;
}

/** What the sends and `setRoomExtraInfo` resolve with (`errorCode` 0) or reject with. A plain object, not an `Error`. */
export interface ZegoServerResponse {
  errorCode: number;
  extendedData?: string;
}

/** What {@link ZegoExpressEngine.sendBroadcastMessage} resolves with. */
export interface ZegoBroadcastResponse extends ZegoServerResponse {
  /** Position in the room's log: grows, with holes. */
  messageID: number;
}

/** What {@link ZegoExpressEngine.sendBarrageMessage} resolves with. */
export interface ZegoBarrageResponse extends ZegoServerResponse {
  messageID: string;
}

/** A broadcast. */
export interface ZegoBroadcastMessageInfo {
  fromUser: Required<ZegoUser>;
  message: string;
  /** The server's time of receipt, ms since the epoch. */
  sendTime: number;
  /** Position in the room's log: grows, with holes. */
  messageID: number;
}

/** A barrage message. */
export interface ZegoBarrageMessageInfo {
  fromUser: Required<ZegoUser>;
  message: string;
  /** The server's time of receipt, ms since the epoch. */
  sendTime: number;
  /** Opaque. */
  messageID: string;
}

/** A room's extra information. */
export interface ZegoRoomExtraInfo {
  key: string;
  value: string;
  updateUser: Required<ZegoUser>;
  /** Ms since the epoch. */
  updateTime: number;
}

/** A message of bytes, to be sent. */
export interface ZegoRoomSendTransparentMessage {
  /** 0 = to clients, 1 = to the business server only, 2 = both. */
  sendMode: 0 | 1 | 2;
  /** 0 = normal, 1 = in sequence. Parley keeps the order for both. */
  sendType: 0 | 1;
  /** 1–4096 bytes. */
  content: Uint8Array;
  /** Receivers; empty = everyone else in the room. Not looked at for `sendMode` 1. */
  recvUserList: ZegoUser[];
  /** Seconds. Parley answers or times out by its own clock. */
  timeOut?: number;
}

/** A message of bytes, received. */
export interface ZegoRoomRecvTransparentMessage {
  sendUser: Required<ZegoUser>;
  /** The receiver's own copy. */
  content: Uint8Array;
}

export type ZegoRoomState = "DISCONNECTED" | "CONNECTING" | "CONNECTED";

/** Why a room's state changed. */
export type ZegoRoomStateChangedReason =
  | "LOGINING" | "LOGINED" | "LOGIN_FAILED" | "RECONNECTING" | "RECONNECTED" | "RECONNECT_FAILED"
  | "KICKOUT" | "LOGOUT" | "LOGOUT_FAILED";

/**
 * What a listener of `recvExperimentalAPI` gets: Parley tells here what the class has no event for. A listener needs
 * it only if a hole in the messages matters to it.
 */
export type ParleyNotice =
  | {
    /** Messages of a room are lost for this page: it was away for longer than the server keeps them. */
    method: "parley.messagesMissed";
    content: { roomID: string; afterMessageID: number; nextMessageID: number };
  }
  | {
    /** The server left out barrage messages because this page did not keep up. */
    method: "parley.messagesDropped";
    content: { roomID: string; count: number };
  };

/** Events and their listeners. Each listener runs in a macrotask of its own, later than the promise it belongs to. */
export interface ZegoEvent {
  /** The state of a room, before {@link roomStateChanged}. */
  roomStateUpdate: (roomID: string, state: ZegoRoomState, errorCode: number, extendedData: string) => void;
  /** Why it changed. After a kick `extendedData` is JSON, with `custom_kickout_message` when there is a reason. */
  roomStateChanged: (roomID: string, reason: ZegoRoomStateChangedReason, errorCode: number, extendedData: string) => void;
  /** Who came or went, oneself excluded; needs `userUpdate`. After a login one `ADD` with everyone inside. */
  roomUserUpdate: (roomID: string, updateType: "DELETE" | "ADD", userList: Required<ZegoUser>[]) => void;
  /** How many are in the room, oneself included. */
  roomOnlineUserCountUpdate: (roomID: string, count: number) => void;
  /** Broadcasts of others, oldest first: as many as one frame brought. */
  IMRecvBroadcastMessage: (roomID: string, chatData: ZegoBroadcastMessageInfo[]) => void;
  /** Barrage of others: as many as one frame brought. */
  IMRecvBarrageMessage: (roomID: string, messageInfo: ZegoBarrageMessageInfo[]) => void;
  /** A command: a string, or the object that was sent. */
  IMRecvCustomCommand: (roomID: string, fromUser: Required<ZegoUser>, command: string) => void;
  recvRoomTransparentMessage: (roomID: string, message: ZegoRoomRecvTransparentMessage) => void;
  /** After a login if the room has one, and when somebody else changes it. */
  roomExtraInfoUpdate: (roomID: string, roomExtraInfoList: ZegoRoomExtraInfo[]) => void;
  /** 30 s before the token expires: call {@link ZegoExpressEngine.renewToken}. */
  tokenWillExpire: (roomID: string) => void;
  recvExperimentalAPI: (notice: ParleyNotice) => void;
}

/** Audio and video events: listeners may register, and are never called. */
export type ZegoMediaEvent =
  | "publishQualityUpdate" | "publisherStateUpdate" | "screenSharingEnded" | "playQualityUpdate" | "streamExtraInfoUpdate"
  | "playerStateUpdate" | "remoteCameraStatusUpdate" | "remoteMicStatusUpdate" | "soundLevelUpdate"
  | "videoDeviceStateChanged" | "audioDeviceStateChanged" | "deviceError" | "capturedSoundLevelUpdate" | "playerRecvSEI"
  | "beautyEffectError" | "roomStreamUpdate" | "exceptionUpdate" | "networkQuality" | "mixerSoundLevelUpdate"
  | "autoMixerSoundLevelUpdate" | "backgroundEffectError" | "mixerRelayCDNStateUpdate" | "playerVideoTrackUpdate"
  | "playerAudioTrackUpdate" | "publisherVideoEncoderChanged" | "roomTokenWillExpire" | "recvReliableMessage"
  | "recvJoinLiveRequest" | "recvInviteJoinLiveRequest" | "recvEndJoinLiveCommand";

/** Log settings. Accepted and without effect: nothing is logged away from the page. */
export interface ZegoLogConfig {
  logLevel?: "debug" | "info" | "warn" | "error" | "report" | "disable";
  remoteLogLevel?: "debug" | "info" | "warn" | "error" | "disable";
  logURL?: string;
  logCount?: number;
  logSize?: number;
}

/** Default 3 … Karaoke 9. Without effect on messages. */
export type ZegoScenario = 3 | 4 | 5 | 6 | 7 | 8 | 9;

/** A failed check of {@link ZegoExpressEngine.checkSystemRequirements}. */
export interface ZegoCheckFailure {
  name: string;
  message: string;
}

/** What the environment can do. Messaging needs none of it. */
export interface ZegoCapabilities {
  webRTC: boolean;
  customCapture: boolean;
  camera: boolean;
  microphone: boolean;
  screenSharing: boolean;
  videoCodec: { H264: boolean; H265: boolean; VP8: boolean; VP9: boolean };
  errInfo: Partial<Record<"webRTC" | "camera" | "microphone", ZegoCheckFailure>>;
}

export type ZegoCheckType =
  | "webRTC" | "customCapture" | "camera" | "microphone" | "screenSharing" | "H264" | "H265" | "VP8" | "VP9";

/** Where signalling goes by {@link ZegoExpressEngine.setLocalProxyConfig}. */
export interface ZegoLocalProxyConfig {
  /** `host[:port][/path]` of the Parley server, without a scheme. */
  accesshubProxy: string;
  loggerProxy?: string;
  detaillogProxy?: string;
}

/** One user's connection to rooms. */
export class ZegoExpressEngine {
  /** Version of the class that this one stands in for. */
  static readonly version: string;
  /** Accepted, without effect. */
  static presetLogConfig(config: ZegoLogConfig): boolean;
  /** Accepted, without effect: modules are for audio and video. */
  static use(module: unknown): void;
  /** Accepted, without effect. */
  static setEngineOptions(options: unknown): void;
  /** Accepted, without effect. */
  static setGeoFence(type: 0 | 1 | 2, areaList: number[]): void;
  /** Accepted, without effect. */
  static setCloudProxyConfig(proxyList: { hostName: string; port?: number }[], token: string, enable: boolean): void;
  /** Points engines that are made later at `accesshubProxy`, unless the page names its server otherwise. */
  static setLocalProxyConfig(config: ZegoLocalProxyConfig, enable: boolean): void;

  /**
   * Never throws and never waits; the wasm is loaded behind it.
   *
   * @param appID the app's number.
   * @param server a `ws:` or `wss:` address of a Parley server, or any other text, which is not looked at. Addresses
   *   of the vendor's cloud are not looked at either. `Parley.configure({ server })` and the page's own settings win.
   */
  constructor(appID: number, server?: string | string[] | null, options?: { scenario: ZegoScenario });

  getVersion(): string;
  /** Accepted, without effect. Always `true`. */
  setLogConfig(config: ZegoLogConfig): boolean;
  /** Accepted, without effect. */
  setDebugVerbose(enable: boolean): void;
  /** `false` for anything but 3–9, and while a room is logged in to. */
  setRoomScenario(scenario: ZegoScenario): boolean;
  /** `"room_retry_time=60"`, or an object with that field, sets for how many seconds a lost room is retried (300). Before login. */
  setEngineConfig(config: unknown): void;
  /** Allows several rooms at once. Once, before the first login; the app must allow it, else login gives 1002036. */
  enableMultiRoom(enable: boolean): boolean;
  checkSystemRequirements(): Promise<ZegoCapabilities>;
  checkSystemRequirements(type: ZegoCheckType, level?: 0 | 1): Promise<{ result: boolean; errInfo: Partial<ZegoCheckFailure> }>;

  /** Adds a listener; `false` for an unknown event or no function. The same function is kept once. */
  on<K extends keyof ZegoEvent>(event: K, listener: ZegoEvent[K]): boolean;
  on(event: ZegoMediaEvent, listener: (...args: never[]) => void): boolean;
  /** Takes a listener away, or all of the event; `false` only for an unknown event. */
  off<K extends keyof ZegoEvent>(event: K, listener?: ZegoEvent[K]): boolean;
  off(event: ZegoMediaEvent, listener?: (...args: never[]) => void): boolean;

  /**
   * Enters a room, which exists from its first user on. Resolves with `true` before `CONNECTED` and `LOGINED` are told.
   * While there is no network it stays open until the retry time is over. Rejects with {@link ZegoRoomError}:
   *
   * | code | |
   * | --- | --- |
   * | 1002001 | already in a room, and not in multi-room mode |
   * | 1002005–1002013, 1100001 | an argument is wrong |
   * | 1102016, 1102018 | the token is invalid, has expired |
   * | 1001004 | no such app |
   * | 1002034, 1002036, 1002037 | room full, multi-room not allowed, too many rooms |
   * | 1002066 | the user is banned |
   * | 1002053 | no network until the end of the retry time |
   * | 1102026 | logged out meanwhile |
   * | 1101000, 1101002 | the SDK could not start, no server is known: `msg` says what to do |
   */
  loginRoom(roomID: string, token: string, user: ZegoUser, config?: ZegoRoomConfig | null): Promise<boolean>;
  /**
   * Leaves one room, or all. At once: no event of the room comes afterwards but `DISCONNECTED` and `LOGOUT`.
   *
   * @throws {ZegoRoomError} 1002002 when other rooms are logged in to, and not this one.
   */
  logoutRoom(roomID?: string): void;
  /** Leaves `fromRoomID` for `toRoomID` as the same user. Rejects with {@link ZegoRoomError}. */
  switchRoom(fromRoomID: string, toRoomID: string, config: ZegoSwitchRoomConfig): Promise<boolean>;
  /** Replaces the token, of one room or all. `false` when none is logged in to; what the server thinks of it is not told. */
  renewToken(token: string, roomID?: string): boolean;
  /** Sets the room's one entry: key 1–128 bytes, value up to the server's limit. One call at a time (1102022). */
  setRoomExtraInfo(roomID: string, key: string, value: string): Promise<ZegoServerResponse & { seq: number }>;

  /**
   * Sends text to everyone else in the room, reliably: it resolves when the message is in the room's log. At most
   * 10,240 bytes of UTF-8, and no more than the server's limit (1009013). Calls for one room 500 ms apart (1009015).
   */
  sendBroadcastMessage(roomID: string, message: string): Promise<ZegoBroadcastResponse>;
  /** Sends text to everyone else in the room; it may be dropped under load. */
  sendBarrageMessage(roomID: string, message: string): Promise<ZegoBarrageResponse>;
  /** Sends a string, or an object that listeners get back as an object, to some (`[]`: all others) in the room, reliably. */
  sendCustomCommand(roomID: string, command: string | object, toUserIDList: string[]): Promise<ZegoServerResponse>;
  /** Sends bytes. */
  sendTransparentMessage(roomID: string, message: ZegoRoomSendTransparentMessage): Promise<ZegoServerResponse>;

  /** The server's time in ms, 0 while it is not known, and how many ms it may be off. */
  getNetworkTimeInfo(): { timestamp: number; maxDeviation: number };
  /** Nothing is logged away from the page: resolves at once. */
  uploadLog(): Promise<{ errorCode: number; extendedData: string }>;
  /** Resolves with an empty object. */
  callExperimentalAPI(params: Record<string, unknown>): Promise<unknown>;
  /** Leaves all rooms and lets go of everything. Later calls don't throw; sends reject with 1000002. */
  destroyEngine(): void;
}

/** Audio and video methods that answer with a promise: it rejects with `errorCode` 1001005. */
type MediaPromise =
  | "createStream" | "createZegoStream" | "getElectronScreenSources" | "updatePublishingStream" | "setVideoConfig"
  | "setAudioConfig" | "replaceTrack" | "addTrack" | "removeTrack" | "setCaptureVolume" | "setDummyCaptureImagePath"
  | "setStreamExtraInfo" | "enableVideoCaptureDevice" | "addPublishCdnUrl" | "removePublishCdnUrl"
  | "setEffectsBeauty" | "setLowlightEnhancement" | "setLowStreamParameter" | "initBackgroundModule"
  | "setBackgroundBlurOptions" | "setTransparentBackgroundOptions" | "setVirtualBackgroundOptions"
  | "enableBackgroundProcess" | "setVoiceChangerPreset" | "setVoiceChangerParam" | "setReverbPreset"
  | "enableVirtualStereo" | "enableLiveAudioEffect" | "setAudioChangerParam" | "enableAiDenoise" | "setAiDenoiseMode"
  | "startPlayingStream" | "setPlayStreamVideoType" | "mutePlayStreamVideo" | "mutePlayStreamAudio"
  | "setAudioFrameCallback" | "setCaptureAudioFrameCallback" | "startMixerTask" | "stopMixerTask"
  | "setMixerTaskConfig" | "startAutoMixerTask" | "stopAutoMixerTask" | "loadAudioEffect" | "enumDevices"
  | "getCameras" | "getMicrophones" | "getSpeakers" | "useVideoDevice" | "useAudioDevice" | "useAudioOutputDevice"
  | "useFrontCamera" | "checkVideoTrackIsActive" | "checkAudioTrackIsActive" | "setStreamAlignmentProperty"
  | "muteAllPlayAudioStreams" | "muteAllPlayVideoStreams";

/** Those that return whether it was done: `false`, and warn once. */
type MediaFlag =
  | "startPublishingStream" | "stopPublishingStream" | "sendSEI" | "mutePublishStreamVideo"
  | "mutePublishStreamAudio" | "startMixingAudio" | "stopMixingAudio" | "setMixingAudioVolume" | "unloadAudioEffect"
  | "isMicrophoneMuted" | "muteMicrophone";

/** Those that return nothing or an object: `undefined`, and warn once. */
type MediaVoid =
  | "setSEIConfig" | "getPublishingStreamQuality" | "destroyStream" | "enableDualStream" | "enableHardwareEncoder"
  | "enableAutoSwitchDevice" | "stopPlayingStream" | "getPlayingStreamQuality" | "createLocalStreamView"
  | "createRemoteStreamView" | "createAudioEffectPlayer" | "setSoundLevelDelegate" | "createRangeAudioInstance"
  | "createRealTimeSequentialDataManager" | "destroyRealTimeSequentialDataManager" | "createCopyrightedMusic"
  | "destroyCopyrightedMusic" | "createStreamCompositor" | "setTurnServer";

/** What pages with audio and video call. Parley is messaging only: all of it exists, so that such a page runs, and refuses. */
export interface ZegoExpressEngine extends
  Record<MediaPromise, (...args: unknown[]) => Promise<never>>,
  Record<MediaFlag, (...args: unknown[]) => false>,
  Record<MediaVoid, (...args: unknown[]) => undefined> {}

/** The media helper that stands beside the class. */
export class WebRTCUtil {
  static readonly isSupportWebRTC: boolean;
}
