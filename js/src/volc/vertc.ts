import { refusal, warn } from "../media.js";
import { videoCodecs } from "../system.js";
import { RTCEngine } from "./engine.js";
import { SDKError } from "./error.js";
import { errorCodes, eventNames, volcVersion } from "./names.js";

const parameters = new Map<unknown, unknown>();

/** The object that pages see (volc.md §1.1). types/volc.d.ts documents it. */
export const VERTC = {
  events: named(eventNames),
  ErrorCode: { ...named(errorCodes), AUDIO_DEVICE_TEST_FAILED: "AUDIO_DEVICE_RECORD_FAILED" },
  platform: "VolcEngine",
  commitInfo: "",

  createEngine,
  createBLWEngine: createEngine,

  destroyEngine(engine: unknown): void {
    if (!(engine instanceof RTCEngine)) throw new SDKError("INVALID_ENGINE", "Invalid engine object");
    engine.destroy();
  },

  getSdkVersion: (): string => volcVersion,
  isSupported: (): Promise<boolean> => Promise.resolve(typeof WebAssembly === "object" && typeof WebSocket === "function"),

  getSupportedCodecs(): Promise<string[]> {
    return Promise.resolve(Object.entries(videoCodecs()).filter(([, has]) => has).map(([name]) => name));
  },

  enumerateDevices: (): Promise<MediaDeviceInfo[]> => devices(),
  enumerateAudioCaptureDevices: (): Promise<MediaDeviceInfo[]> => devices("audioinput"),
  enumerateVideoCaptureDevices: (): Promise<MediaDeviceInfo[]> => devices("videoinput"),
  enumerateAudioPlaybackDevices: (): Promise<MediaDeviceInfo[]> => devices("audiooutput"),

  /** Asks for no permission: nothing here takes a device. */
  enableDevices(): Promise<{ video: boolean; audio: boolean }> {
    warn("enableDevices");
    return Promise.resolve({ video: false, audio: false });
  },

  getParameter: (key: unknown): unknown => parameters.get(key),
  setParameter: (key: unknown, value: unknown): void => void parameters.set(key, value),
  setLogConfig(_config: unknown): void {},
  downloadLog(_key?: unknown): void {},

  getElectronScreenSources(): Promise<never> {
    return Promise.reject(new SDKError("ERR_ELECTRON_IS_NULL", refusal("getElectronScreenSources")));
  },
};

function createEngine(appId?: unknown, _config?: unknown): RTCEngine {
  if (appId === undefined) throw new SDKError("INVALID_PARAMS", "appId cannot be empty");
  if (typeof appId !== "string" || appId === "") {
    throw new SDKError("INVALID_PARAMS", "Invalid appId: The value should be string type. Length of the string: [1,Infinity]");
  }
  return new RTCEngine(appId);
}

function named(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, name]));
}

async function devices(kind?: MediaDeviceKind): Promise<MediaDeviceInfo[]> {
  const all = await (typeof navigator === "undefined" ? undefined : navigator.mediaDevices)?.enumerateDevices() ?? [];
  return kind === undefined ? all : all.filter((device) => device.kind === kind);
}
