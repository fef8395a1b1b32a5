interface Failure {
  name: string;
  message: string;
}

type Failures = Record<string, Failure>;

const single = ["webRTC", "customCapture", "camera", "microphone", "screenSharing", "H264", "VP8", "H265", "VP9"] as const;

/**
 * What this environment can do, honestly, though messaging needs none of it:
 * apps ask before they log in. Devices are only listed: nobody is asked for a
 * permission.
 */
export async function checkSystemRequirements(type: unknown): Promise<unknown> {
  const errInfo: Failures = {};
  const webRTC = typeof RTCPeerConnection === "function";
  if (!webRTC) errInfo["webRTC"] = { name: "NotSupportedError", message: "RTCPeerConnection does not exist here" };
  const capture = typeof HTMLCanvasElement !== "undefined" && "captureStream" in HTMLCanvasElement.prototype;
  const screen = typeof navigator !== "undefined" && typeof navigator.mediaDevices?.getDisplayMedia === "function";
  const devices = await kinds(errInfo);
  const codecs = videoCodecs();
  const all = {
    webRTC, customCapture: capture, camera: devices.has("videoinput"), microphone: devices.has("audioinput"),
    screenSharing: screen, ...codecs,
  };
  if (type !== undefined && (single as readonly unknown[]).includes(type)) {
    const name = type as keyof typeof all;
    const failure = errInfo[name];
    return { result: all[name], errInfo: failure === undefined ? {} : failure };
  }
  const { webRTC: rtc, customCapture, camera, microphone, screenSharing } = all;
  return { webRTC: rtc, customCapture, camera, microphone, screenSharing, videoCodec: codecs, errInfo };
}

async function kinds(errInfo: Failures): Promise<Set<string>> {
  const found = new Set<string>();
  const media = typeof navigator === "undefined" ? undefined : navigator.mediaDevices;
  try {
    for (const device of await media?.enumerateDevices() ?? []) found.add(device.kind);
  } catch (error) {
    errInfo["camera"] = errInfo["microphone"] = {
      name: error instanceof Error ? error.name : "Error", message: error instanceof Error ? error.message : String(error),
    };
  }
  for (const [name, kind] of [["camera", "videoinput"], ["microphone", "audioinput"]] as const) {
    if (!found.has(kind)) errInfo[name] ??= { name: "NotFoundError", message: `no ${name} is known` };
  }
  return found;
}

/** Which video codecs this environment can receive. */
export function videoCodecs(): Record<"H264" | "H265" | "VP8" | "VP9", boolean> {
  const known = typeof RTCRtpReceiver === "undefined" ? [] : RTCRtpReceiver.getCapabilities?.("video")?.codecs ?? [];
  const has = (type: string): boolean => known.some(({ mimeType }) => mimeType.toLowerCase() === `video/${type}`);
  return { H264: has("h264"), H265: has("h265"), VP8: has("vp8"), VP9: has("vp9") };
}
