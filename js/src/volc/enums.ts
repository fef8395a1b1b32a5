/**
 * The enumerations that the package exports beside VERTC (volc.md §1.1). Those of
 * audio and video are here because pages name them; nothing looks at them.
 */

type Enumeration = Readonly<Record<string, string | number>>;

/** Numbers from 0, or from a number that stands with a name: each by its name and back. */
function numbers(names: string): Enumeration {
  const members: Record<string, string | number> = {};
  let next = 0;
  for (const text of names.split(" ")) {
    const [name = "", given] = text.split("=");
    const value = given === undefined ? next : Number(given);
    members[members[name] = value] = name;
    next = value + 1;
  }
  return members;
}

/** Texts that are their own names. */
function same(names: string): Enumeration {
  return Object.fromEntries(names.split(" ").map((name) => [name, name]));
}

export const AAC_PROFILE: Enumeration = same("LC HEv1 HEv2");
export const AudioMixingDualMonoMode: Enumeration = numbers("AUTO MODE_L MODE_R MODE_MIX");
export const AudioMixingType: Enumeration = numbers("PLAYOUT PUBLISH PLAYOUT_AND_PUBLISH");
export const AudioProfileType: Enumeration = numbers("default fluent standard hd standardStereo hdMono");
export const AudioReportMode: Enumeration = numbers("MICROPHONE AUDIOMIXING");
export const AudioSelectionPriority: Enumeration = numbers("DEFAULT HIGH");
export const AudioSourceType: Enumeration = numbers("AUDIO_SOURCE_TYPE_EXTERNAL AUDIO_SOURCE_TYPE_INTERNAL");
export const ChannelProfile: Enumeration = numbers("CHANNEL_PROFILE_COMMUNICATION CHANNEL_PROFILE_LIVE_BROADCASTING");
export const ConnectionState: Enumeration = numbers(
  "CONNECTION_START CONNECTION_STATE_DISCONNECTED CONNECTION_STATE_CONNECTING CONNECTION_STATE_CONNECTED " +
  "CONNECTION_STATE_RECONNECTING CONNECTION_STATE_RECONNECTED CONNECTION_STATE_LOST",
);
export const EarMonitorPosition: Enumeration = numbers("NONE AFTER_CAPTURE AFTER_PROCESS");
export const FallbackOrRecoverReason: Enumeration = numbers("Unknown=-1 SubscribeFallbackByBandwidth SubscribeRecoverByBandwidth=2");
export const ForwardStreamError: Enumeration = numbers(
  "FORWARD_STREAM_ERROR_OK FORWARD_STREAM_ERROR_INVALID_TOKEN=1202 FORWARD_STREAM_ERROR_RESPONSE " +
  "FORWARD_STREAM_ERROR_REMOTE_KICKED FORWARD_STREAM_ERROR_NOT_SUPPORT",
);
export const ForwardStreamState: Enumeration = numbers("FORWARD_STREAM_STATE_SUCCESS FORWARD_STREAM_STATE_FAILURE");
export const LocalMainReportMode: Enumeration = numbers("NORMAL DISCONNECT RESET");
export const LogChannel: Enumeration = numbers("domestic overseas");
export const MediaType: Enumeration = numbers("AUDIO=1 VIDEO AUDIO_AND_VIDEO");
export const MirrorMode: Enumeration = numbers("MIRROR_MODE_OFF MIRROR_MODE_ON");
export const MirrorType: Enumeration = numbers("MIRROR_TYPE_NONE MIRROR_TYPE_RENDER");
export const NetworkQuality: Enumeration = numbers("UNKNOWN EXCELLENT GOOD POOR BAD VBAD DOWN");
export const PublicInterpolationMode: Enumeration = numbers("PREV_FRAME OTHER_FRAME");
export const PublicStreamType: Enumeration = numbers("AUDIO_AND_VIDEO AUDIO_ONLY VIDEO_ONLY");
export const PublishState: Enumeration = numbers("PUBLISH_SUCC PUBLISH_FAIL");
export const RTCAutoPlayPolicy: Enumeration = numbers("AUTO_PLAY VIDEO_ONLY PLAY_MANUALLY");
export const ReconnectReason: Enumeration = {
  ICE_FAILED: "iceFailed", NODE_CHANGE: "nodeChange", JOIN_TIMEOUT: "joinTimeout", NOTIFY_RECONNECT: "notifyReconnect",
};
export const RemoteUserPriority: Enumeration = numbers("LOW MEDIUM=100 HIGH=200");
export const RoomMode: Enumeration = numbers("ROOM_MODE_RTC ROOM_MODE_RTS_ONLY");
export const RoomProfileType: Enumeration = numbers("communication chat=5 chatRoom coHost=9 meeting=16 classRoom=18");
export const SUBTITLE_MODE: Enumeration = numbers("ASR_ONLY ASR_AND_TRANSLATION");
export const SimulcastStreamType: Enumeration = { VIDEO_STREAM_HIGH: "high", VIDEO_STREAM_MID: "mid", VIDEO_STREAM_LOW: "low" };
export const StreamIndex: Enumeration = numbers("STREAM_INDEX_MAIN STREAM_INDEX_SCREEN");
export const StreamRemoveReason: Enumeration = numbers(
  "STREAM_REMOVE_REASON_UNPUBLISH STREAM_REMOVE_REASON_PUBLISH_FAILED STREAM_REMOVE_REASON_KEEP_LIVE_FAILED " +
  "STREAM_REMOVE_REASON_CLIENT_DISCONNECTED STREAM_REMOVE_REASON_REPUBLISH STREAM_REMOVE_REASON_OTHER " +
  "STREAM_REMOVE_REASON_TOKEN_PRIVILEGE_EXPIRED",
);
export const SubscribeFallbackOption: Enumeration = numbers("DISABLE VIDEO_STREAM_LOW AUDIO_ONLY");
export const SubscribeMode: Enumeration = numbers("AUTO_SUBSCRIBE_MODE MANUAL_SUBSCRIBE_MODE");
export const SubscribeState: Enumeration = numbers("SUBSCRIBE_SUCC SUBSCRIBE_FAIL");
export const SubtitleEventType: Enumeration = numbers("STARTED STOPPED ERROR UPDATED");
export const TRANSCODING_VIDEO_CODEC: Enumeration = same("H264 H265");
export const USER_ONLINE_STATUS: Enumeration = numbers("OFFLINE ONLINE UNREACHABLE");
export const UserDisconnectionTag: Enumeration = same(
  "userLeave connectionLost userDuplicateLogin kickedByAdmin roleChanged onUserTokenDidExpire",
);
export const UserOfflineReason: Enumeration = numbers("QUIT DROPPED SWITCH_TO_INVISIBLE KICKED_BY_ADMIN");
export const VideoCodecType: Enumeration = { AUTO: "auto", H264: "h264", VP8: "vp8", H265: "h265" };
export const VideoRenderMode: Enumeration = numbers("RENDER_MODE_HIDDEN RENDER_MODE_FIT RENDER_MODE_FILL");
export const VideoSimulcastMode: Enumeration = numbers("VIDEO_ONLY_ONE VIDEO_ON_DEMAND VIDEO_ALWAYS_SIMULCAST");
export const VideoSourceType: Enumeration = numbers("VIDEO_SOURCE_TYPE_EXTERNAL VIDEO_SOURCE_TYPE_INTERNAL");
export const VisibilityStatus: Enumeration = {
  PLAYER_VISIBLE: "visible", PLAYER_INVISIBLE_BY_UNMOUNT: "unmount", PLAYER_INVISIBLE_BY_SIZE: "size",
  PLAYER_INVISIBLE_BY_STYLE: "style", PLAYER_INVISIBLE_BY_POSITION: "position", PLAYER_INVISIBLE_BY_COVERED: "covered",
};
export const WTNPlayState: Enumeration = numbers("INIT START SUCCESS STOP FAIL");
export const WTNPlayStateChangedReason: Enumeration = numbers(
  "PLAY_SUCCESS START_PLAY STOP_PLAY REMOTE_STOP REMOTE_FAILURE STREAM_BANNED NO_PLAY_PERMISSION STREAM_NOT_EXIST IN_RETRY " +
  "RETRY_FAIL INTERNAL OVER_CLIENT_SUBSCRIBE_STREAM_LIMIT=1310 OVER_STREAM_SUBSCRIBE_USER_LIMIT " +
  "OVER_STREAM_SUBSCRIBE_REQUES_TLIMIT",
);
export const WTNPushState: Enumeration = numbers("INIT START SUCCESS STOP FAIL");
export const WTNPushStateChangedReason: Enumeration = numbers(
  "PUSH_SUCCESS START_PUSH STOP_PUSH IN_RETRY RETRY_FAIL NO_PUSH_PERMISSION STREAM_PUSH_BY_OTHER",
);
export const WTNRemoteAudioState: Enumeration = numbers("STOPED STARTING DECODING FROZEN FAILED");
export const WTNRemoteAudioStateChangeReason: Enumeration = numbers(
  "INTERNAL NETWORK_CONGESTION NETWORK_RECOVERY UNMUTE MUTE REMOTE_START REMOTE_STOP",
);
export const WTNRemoteVideoState: Enumeration = numbers("STOPED STARTING DECODING FROZEN FAILED");
export const WTNRemoteVideoStateChangeReason: Enumeration = numbers(
  "INTERNAL NETWORK_CONGESTION NETWORK_RECOVERY UNMUTE MUTE REMOTE_START REMOTE_STOP",
);
export const WTNStreamEventsTypes: Enumeration = same(
  "onWTNPushStateChanged onWTNPlayStateChanged onWTNRemoteAudioStateChanged onWTNRemoteVideoStateChanged " +
  "onWTNRemoteVideoStats onWTNRemoteAudioStats onWTNFirstRemoteVideoFrameDecoded onWTNSEIMessageReceived " +
  "onWTNRemoteStatsException onWTNLocalStatsException",
);
