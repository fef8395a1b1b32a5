/** Version of the package that this one stands in for (volc.md §1.1). */
export const volcVersion = "4.68.4";

/** All events that listeners may register for (volc.md, appendix). */
export const eventNames = (
  "onTrackEnded onTrackMute onTrackUnmute onPlayerEvent onAutoplayFailed onUserJoined onUserLeave onConnectionStateChanged " +
  "onUserPublishStream onUserUnpublishStream onUserPublishScreen onUserUnpublishScreen onRoomMessageReceived " +
  "onRoomBinaryMessageReceived onUserMessageReceived onUserBinaryMessageReceived onVideoFirstFrameRendered " +
  "onVideoFirstFrameDecoded onRemoteVideoFirstFrame onAudioFirstFrameDecoded onRemoteAudioFirstFrame " +
  "onFirstPublicStreamVideoFrameRendered onFirstPublicStreamVideoFrameDecoded onFirstPublicStreamAudioFrameDecoded " +
  "onVideoDeviceStateChanged onAudioDeviceStateChanged onRemoteStreamStats onPublicStreamStats onLocalStreamStats " +
  "onLocalStatsException onRemoteStatsException onPublicStatsException onAudioVolumeIndication onLocalAudioPropertiesReport " +
  "onRemoteAudioPropertiesReport onActiveSpeaker onAudioPlaybackDeviceChanged onUserStartVideoCapture onUserStopVideoCapture " +
  "onUserStartAudioCapture onUserStopAudioCapture onAutoPublishResult onAutoSubscribeResult onLiveTranscodingResult " +
  "onStreamMixingEvent onAudioPlaybackDeviceTestVolume onSEIMessageReceived onError onAudioMixingStateChanged " +
  "onUserMessageReceivedOutsideRoom onUserBinaryMessageReceivedOutsideRoom onTokenWillExpire onTokenPublishPrivilegeWillExpire " +
  "onTokenPublishPrivilegeDidExpired onTokenSubscribePrivilegeWillExpire onTokenSubscribePrivilegeDidExpired " +
  "onCloudProxyConnected onPushPublicStreamResult onPublicStreamSEIMessageReceived onNetworkQuality onSimulcastSubscribeFallback " +
  "onRemoteVideoSizeChanged onVideoStreamBanned onAudioStreamBanned onLocalVideoSizeChanged onSubtitleStateChanged " +
  "onSubtitleMessageReceived onServerParamsSetResult onLocalStreamTrackChangedByExtension onVendorConnectionStateChanged " +
  "onForwardStreamError onRejoinWithTcp onIceConnectWithTcp onPublishRetry onSubscribeRetry onPublishResult onSubscribeResult " +
  "onSEIStreamUpdate onPlayerVisibility onJitterBufferTargetStabled"
).split(" ");

/** All error codes (volc.md, appendix). */
export const errorCodes = (
  "INVALID_ENGINE INVALID_PARAMS INVOKED_BEFORE_JOIN_ROOM INVALID_TOKEN JOIN_ROOM_FAILED UPDATE_TOKEN_WITH_INVALID_TOKEN " +
  "UPDATE_TOKEN_BEFORE_JOIN REPEAT_JOIN REPEAT_PUBLISH REPEAT_PUSH REPEAT_PLAY PUBLISH_BEFORE_JOIN UNPUBLISH_BEFORE_JOIN " +
  "SUBSCRIBE_BEFORE_JOIN UNSUBSCRIBE_BEFORE_JOIN NO_PUBLISH_PERMISSION STREAM_NOT_EXIST EMPTY_STREAM NOT_CONNECTED_YET " +
  "IM_BEFORE_JOIN USER_NOT_EXIST ALREADY_IN_ROOM KICKED_OUT ROOM_DISMISS TOKEN_EXPIRED TOKEN_NO_PUBLISH_PERMISSION " +
  "TOKEN_NO_SUBSCRIBE_PERMISSION DUPLICATE_LOGIN INVOKED_BEFORE_CAPTURE REPEAT_CAPTURE GET_VIDEO_TRACK_FAILED " +
  "GET_AUDIO_TRACK_FAILED GET_SCREEN_TRACK_FAILED STREAM_TYPE_NOT_MATCH CANT_FIND_DOM INVALID_DEVICE_ID NO_PERMISSION " +
  "NOT_SUPPORTED INTERRUPT ICE_SERVER_WRONG ESTABLISH_DATACHANNEL_FAILED LOAD_RESOURCES_FAILED SIGNALING_CHANNEL_NOT_OPEN " +
  "TIME_OUT REFUSE_OPERATION_IN_DISCONNECT ADD_TRANSCEIVER_FAILED UPDATE_TRACK_FAILED PUBLISH_FAILED UNPUBLISH_FAILED " +
  "SUBSCRIBE_FAILED UNSUBSCRIBE_FAILED OPERATION_CANCEL START_CLOUD_PROXY_AFTER_JOIN STOP_CLOUD_PROXY_BEFORE_LEAVE " +
  "UNEXPECTED_ERROR REPEAT_DEVICE_TEST AUDIO_DEVICE_TEST_FAILED ALREADY_LOGIN LOGIN_FAILED NOT_LOGIN RTM_DUPLICATE_LOGIN " +
  "RTM_TOKEN_ERROR USER_MESSAGE_TIMEOUT USER_MESSAGE_BROKEN USER_MESSAGE_NO_RECEIVER USER_MESSAGE_NO_RELAYPATH " +
  "USER_MESSAGE_EXCEED_QPS USER_MESSAGE_SEND_TO_SERVER_ERROR USER_MESSAGE_SERVER_RESPONSE_ERROR USER_MESSAGE_NOT_JOIN " +
  "USER_MESSAGE_INIT USER_MESSAGE_NO_CONNECTION USER_MESSAGE_NOT_LOGIN USER_MESSAGE_SERVER_PARAMS_NOTSET USER_MESSAGE_UNKNOWN " +
  "START_PUBLIC_STREAM_BEFORE_JOIN RECONNECT_FAILED SUBTITLE_ALREADY_ON SUBTITLE_NOT_TURNED_ON SUBTITLE_ERR_POSTPROCESS " +
  "SUBTITLE_ERR_CONNECTION_ERROR SUBTITLE_ERR_PROCESS_ERROR SUBTITLE_ERR_UNKNOWN UNEXPECTED_INVOKE_FORWARD_STREAM ROOM_FORBIDDEN " +
  "USER_FORBIDDEN ERR_ELECTRON_IS_NULL ELECTRON_DESKTOP_CAPTURER_GET_SOURCES_ERROR SET_SIMULCAST_FAILED MIXING_OLD_AND_NEW_APIS " +
  "WTN_PUSH_FAILED WTN_PLAY_FAILED NOT_ALLOWED_IN_RTS_ROOM NOT_ALLOWED_IN_RESTRICTED_MODE"
).split(" ");

/** Audio and video methods of an engine that answer with a promise. */
export const mediaPromises = (
  "publishStream unpublishStream publishScreen unpublishScreen subscribeStream unsubscribeStream subscribeScreen " +
  "unsubscribeScreen setAudioCaptureDevice setVideoCaptureDevice startVideoCapture stopVideoCapture startAudioCapture " +
  "stopAudioCapture startAudioAndVideoCapture startVideoAndAudioCapture startScreenCapture stopScreenCapture " +
  "setAudioPlaybackDevice play pauseAllSubscribedStream resumeAllSubscribedStream setVideoEncoderConfig setScreenEncoderConfig " +
  "setRemoteVideoConfig setRemoteSimulcastStreamType setLocalSimulcastMode startLiveTranscoding updateLiveTranscoding " +
  "stopLiveTranscoding setExternalVideoTrack setExternalAudioTrack setVideoSourceType setAudioSourceType setAudioCaptureConfig " +
  "setVideoCaptureConfig startPushPublicStream updatePublicStreamParam stopPushPublicStream startPlayPublicStream " +
  "stopPlayPublicStream setDummyCaptureImagePath startAudioPlaybackDeviceTest startAudioDeviceRecordTest setAudioProfile " +
  "setAudioEncodeMaxBitrate takeLocalSnapshot takeRemoteSnapshot registerExtension startSubtitle updateSubtitleConfig connect " +
  "startForwardStreamToRooms updateForwardStreamToRooms stopForwardStreamToRooms pauseForwardStreamToAllRooms " +
  "resumeForwardStreamToAllRooms setAudioSelectionConfig setEarMonitorMode"
).split(" ");

/** Those that answer nothing, or an object that does not exist here. */
export const mediaVoids = (
  "setLocalVideoPlayer setRemoteVideoPlayer setLocalVideoMirrorType setRemoteVideoMirrorType stop getAudioVolume " +
  "setAudioFrameCallback sendSEIMessage enableSimulcastMode setAudioVolumeIndicationInterval enableAudioPropertiesReport " +
  "getAudioMixingManager getWTNStreamManager getCallId startCloudProxy stopCloudProxy setPublicStreamVideoPlayer " +
  "defaultTranscoding setSubscribeFallbackOption setRemoteUserPriority stopAudioPlaybackDeviceTest " +
  "stopAudioDeviceRecordAndPlayTest stopAudioDevicePlayTest getLocalStreamTrack getRemoteStreamTrack getPublicStreamTrack " +
  "stopSubtitle setRemoteStreamRenderSync setJoinRoomParams setCaptureVolume setPlaybackVolume setPublicStreamVolume " +
  "getRemoteVideoStats getRemoteAudioStats getLocalVideoStats getLocalAudioStats getPublicVideoStats getPublicAudioStats " +
  "setEarMonitorVolume getLocalVideoPlayerVisibility getRemotePlayerVisibility setJitterBufferTarget"
).split(" ");
