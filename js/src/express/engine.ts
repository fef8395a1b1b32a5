import { enroll } from "../engines.js";
import { Core, roomShape, sendShape } from "./core.js";
import { addMediaMethods } from "./media.js";
import { expressVersion } from "./names.js";
import { checkSystemRequirements } from "../system.js";
import { localProxy } from "./proxy.js";

/**
 * The class that pages see (express.md). It is usable at once: the wasm arrives
 * behind it. types/express.d.ts documents it.
 *
 * Its state is in one property that frameworks leave alone: a reactive proxy
 * around an engine must not become a proxy around the engine's insides, which
 * are private fields.
 */
export class ZegoExpressEngine {
  static get version(): string {
    return expressVersion;
  }

  static presetLogConfig(config: object): boolean {
    return setLogConfig(config);
  }

  static use(_module: unknown): void {}
  static setEngineOptions(_options: unknown): void {}
  static setGeoFence(_type: unknown, _areaList: unknown): void {}
  static setCloudProxyConfig(_proxyList: unknown, _token: unknown, _enable: unknown): void {}

  static setLocalProxyConfig(config: unknown, enable: unknown): void {
    localProxy.set(config, enable);
  }

  declare private readonly _core: Core;

  constructor(appID: unknown, server?: unknown, _options?: unknown) {
    Object.defineProperty(this, "_core", { value: enroll(new Core(appID, localProxy.url ?? server)) });
  }

  getVersion(): string {
    return expressVersion;
  }

  setLogConfig(config: object): boolean {
    return setLogConfig(config);
  }

  setDebugVerbose(_enable: unknown): void {}

  setRoomScenario(scenario: unknown): boolean {
    return this._core.setRoomScenario(scenario);
  }

  setEngineConfig(config: unknown): void {
    const seconds = retryTime(config);
    if (seconds !== undefined) this._core.setRoomRetryTime(seconds);
  }

  enableMultiRoom(enable: unknown): boolean {
    return this._core.enableMultiRoom(enable);
  }

  checkSystemRequirements(type?: unknown, _level?: unknown): Promise<unknown> {
    return checkSystemRequirements(type);
  }

  on(event: unknown, listener: unknown): boolean {
    return this._core.emitter.on(event, listener);
  }

  off(event: unknown, listener?: unknown): boolean {
    return this._core.emitter.off(event, listener);
  }

  loginRoom(roomID: unknown, token: unknown, user: unknown, config?: unknown): Promise<unknown> {
    return this._core.loginRoom(roomID, token, user, config);
  }

  logoutRoom(roomID?: unknown): void {
    const wrong = this._core.logoutRoom(roomID);
    if (wrong !== undefined) throw wrong; // eslint-disable-line @typescript-eslint/only-throw-error -- express.md §2.3
  }

  switchRoom(fromRoomID: unknown, toRoomID: unknown, config: unknown): Promise<unknown> {
    return this._core.call("switchRoom", [fromRoomID, toRoomID, config], roomShape);
  }

  renewToken(token: unknown, roomID?: unknown): boolean {
    return this._core.renewToken(token, roomID);
  }

  setRoomExtraInfo(roomID: unknown, key: unknown, value: unknown): Promise<unknown> {
    return this._core.call("setRoomExtraInfo", [roomID, key, value], sendShape);
  }

  async sendBroadcastMessage(roomID: unknown, message: unknown): Promise<unknown> {
    const answer = await this._core.call("sendBroadcastMessage", [roomID, message], sendShape);
    return { ...answer as object, extendedData: undefined };
  }

  async sendBarrageMessage(roomID: unknown, message: unknown): Promise<unknown> {
    const answer = await this._core.call("sendBarrageMessage", [roomID, message], sendShape);
    return { ...answer as object, extendedData: undefined };
  }

  sendCustomCommand(roomID: unknown, command: unknown, toUserIDList: unknown): Promise<unknown> {
    return this._core.sendCustomCommand(roomID, command, toUserIDList);
  }

  sendTransparentMessage(roomID: unknown, message: unknown): Promise<unknown> {
    return this._core.call("sendTransparentMessage", [roomID, message], sendShape);
  }

  getNetworkTimeInfo(): { timestamp: number; maxDeviation: number } {
    return this._core.networkTime();
  }

  uploadLog(): Promise<{ errorCode: number; extendedData: string }> {
    return Promise.resolve({ errorCode: 0, extendedData: "" });
  }

  callExperimentalAPI(_params: unknown): Promise<unknown> {
    return Promise.resolve({});
  }

  destroyEngine(): void {
    this._core.destroy();
  }
}

addMediaMethods(ZegoExpressEngine.prototype);

/** Accepts any configuration: nothing of it concerns a log that stays in the page. */
function setLogConfig(config: object): boolean {
  void (config as { logLevel?: unknown }).logLevel; // throws a TypeError without an argument, as the real one
  return true;
}

/** Reads room_retry_time out of "room_retry_time=60", or an object with that field. */
function retryTime(config: unknown): number | undefined {
  const text = typeof config === "string" ? /(?:^|[;,&\s])room_retry_time=(\d+)/.exec(config)?.[1]
    : typeof config === "object" && config !== null ? (config as Record<string, unknown>)["room_retry_time"] : undefined;
  const seconds = Number(text);
  return seconds > 0 && Number.isFinite(seconds) ? seconds : undefined;
}

/** The media helper that the real package exports beside the class. */
export class WebRTCUtil {
  static get isSupportWebRTC(): boolean {
    return typeof RTCPeerConnection === "function";
  }
}
