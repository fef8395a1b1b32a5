/** Version of the class that this one stands in for (express.md §1.3). */
export const expressVersion = "3.12.0";

/** Events of rooms and messages. */
export const roomEvents = [
  "roomStateUpdate", "roomStateChanged", "roomUserUpdate", "roomOnlineUserCountUpdate",
  "IMRecvBroadcastMessage", "IMRecvBarrageMessage", "IMRecvCustomCommand", "recvRoomTransparentMessage",
  "roomExtraInfoUpdate", "tokenWillExpire", "recvExperimentalAPI",
] as const;

/** Events that listeners may register for and that never come (express.md §4, §4.4). */
export const silentEvents = [
  "publishQualityUpdate", "publisherStateUpdate", "screenSharingEnded", "playQualityUpdate", "streamExtraInfoUpdate",
  "playerStateUpdate", "remoteCameraStatusUpdate", "remoteMicStatusUpdate", "soundLevelUpdate", "videoDeviceStateChanged",
  "audioDeviceStateChanged", "deviceError", "capturedSoundLevelUpdate", "playerRecvSEI", "beautyEffectError",
  "roomStreamUpdate", "exceptionUpdate", "networkQuality", "mixerSoundLevelUpdate", "autoMixerSoundLevelUpdate",
  "backgroundEffectError", "mixerRelayCDNStateUpdate", "playerVideoTrackUpdate", "playerAudioTrackUpdate",
  "publisherVideoEncoderChanged",
  "roomTokenWillExpire", "recvReliableMessage", "recvJoinLiveRequest", "recvInviteJoinLiveRequest", "recvEndJoinLiveCommand",
] as const;

/** Audio and video methods of the class that answer with a promise. */
export const mediaPromises = [
  "createStream", "createZegoStream", "getElectronScreenSources", "updatePublishingStream", "setVideoConfig", "setAudioConfig",
  "replaceTrack", "addTrack", "removeTrack", "setCaptureVolume", "setDummyCaptureImagePath", "setStreamExtraInfo",
  "enableVideoCaptureDevice", "addPublishCdnUrl", "removePublishCdnUrl", "setEffectsBeauty", "setLowlightEnhancement",
  "setLowStreamParameter", "initBackgroundModule", "setBackgroundBlurOptions", "setTransparentBackgroundOptions",
  "setVirtualBackgroundOptions", "enableBackgroundProcess", "setVoiceChangerPreset", "setVoiceChangerParam", "setReverbPreset",
  "enableVirtualStereo", "enableLiveAudioEffect", "setAudioChangerParam", "enableAiDenoise", "setAiDenoiseMode",
  "startPlayingStream", "setPlayStreamVideoType", "mutePlayStreamVideo", "mutePlayStreamAudio", "setAudioFrameCallback",
  "setCaptureAudioFrameCallback", "startMixerTask", "stopMixerTask", "setMixerTaskConfig", "startAutoMixerTask",
  "stopAutoMixerTask", "loadAudioEffect", "enumDevices", "getCameras", "getMicrophones", "getSpeakers", "useVideoDevice",
  "useAudioDevice", "useAudioOutputDevice", "useFrontCamera", "checkVideoTrackIsActive", "checkAudioTrackIsActive",
  "setStreamAlignmentProperty", "muteAllPlayAudioStreams", "muteAllPlayVideoStreams",
] as const;

/** Those that answer at once with whether it was done. */
export const mediaFlags = [
  "startPublishingStream", "stopPublishingStream", "sendSEI", "mutePublishStreamVideo", "mutePublishStreamAudio",
  "startMixingAudio", "stopMixingAudio", "setMixingAudioVolume", "unloadAudioEffect", "isMicrophoneMuted", "muteMicrophone",
] as const;

/** Those that answer nothing, or an object that does not exist here. */
export const mediaVoids = [
  "setSEIConfig", "getPublishingStreamQuality", "destroyStream", "enableDualStream", "enableHardwareEncoder",
  "enableAutoSwitchDevice", "stopPlayingStream", "getPlayingStreamQuality", "createLocalStreamView", "createRemoteStreamView",
  "createAudioEffectPlayer", "setSoundLevelDelegate", "createRangeAudioInstance", "createRealTimeSequentialDataManager",
  "destroyRealTimeSequentialDataManager", "createCopyrightedMusic", "destroyCopyrightedMusic", "createStreamCompositor",
  "setTurnServer",
] as const;

/** Numbers that the class itself gives (express.md §5). */
export const codes = {
  notLogin: 1000002, notSpecial: 1001005, wrongRoom: 1002002, roomInner: 1002099, input: 1100001,
  unknown: 1100999, initFailed: 1101000, configFailed: 1101002,
} as const;
