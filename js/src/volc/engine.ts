import { macrotask } from "../bridge/macrotask.js";
import { enroll } from "../engines.js";
import { define, refusal, warn } from "../media.js";
import { report } from "../report.js";
import { bytesOf, Core } from "./core.js";
import { SDKError } from "./error.js";
import { mediaPromises, mediaVoids } from "./names.js";

/**
 * What VERTC.createEngine returns (volc.md §1). It is usable at once: the wasm
 * arrives behind it. types/volc.d.ts documents it.
 *
 * Its state is in one property that frameworks leave alone: a reactive proxy
 * around an engine must not become a proxy around the engine's insides.
 */
export class RTCEngine {
  declare private readonly _core: Core;

  constructor(appId: string) {
    Object.defineProperty(this, "_core", { value: enroll(new Core(appId, this)) });
  }

  // Listeners.

  on(event: unknown, listener: unknown, context?: unknown): this {
    this._core.emitter.add(event, listener, context, false);
    return this;
  }

  once(event: unknown, listener: unknown, context?: unknown): this {
    this._core.emitter.add(event, listener, context, true);
    return this;
  }

  addListener(event: unknown, listener: unknown, context?: unknown): this {
    return this.on(event, listener, context);
  }

  off(event: unknown, listener?: unknown, context?: unknown, once?: unknown): this {
    this._core.emitter.remove(event, listener, context, once);
    return this;
  }

  removeListener(event: unknown, listener?: unknown, context?: unknown, once?: unknown): this {
    return this.off(event, listener, context, once);
  }

  removeAllListeners(event?: unknown): this {
    this._core.emitter.clear(event);
    return this;
  }

  emit(event: unknown, ...args: unknown[]): boolean {
    return this._core.emitter.emit(event, args, this);
  }

  safeEmit(event: unknown, ...args: unknown[]): boolean {
    return this._core.emitter.emit(event, args, this, report);
  }

  asyncEmit(event: unknown, ...args: unknown[]): Promise<void> {
    return new Promise((resolve) => macrotask(() => {
      this.safeEmit(event, ...args);
      resolve();
    }));
  }

  listeners(event: unknown): unknown[] {
    return this._core.emitter.entries(event).map(({ listener }) => listener);
  }

  listenerCount(event: unknown): number {
    return this._core.emitter.entries(event).length;
  }

  eventNames(): unknown[] {
    return this._core.emitter.names();
  }

  // The login plane.

  login(token: unknown, userId: unknown): Promise<unknown> {
    return this._core.enter("login", [token, userId], "LOGIN_FAILED");
  }

  logout(): Promise<unknown> {
    return this._core.call("logout", []);
  }

  updateLoginToken(token: unknown): Promise<unknown> {
    return this._core.call("updateLoginToken", [token]);
  }

  getPeerOnlineStatus(userId: unknown): Promise<unknown> {
    return this._core.call("getPeerOnlineStatus", [userId]);
  }

  sendUserMessageOutsideRoom(userId: unknown, message: unknown): Promise<unknown> {
    return this._core.call("sendUserMessageOutsideRoom", [userId, message]);
  }

  sendUserBinaryMessageOutsideRoom(userId: unknown, message: unknown): Promise<unknown> {
    return this._core.call("sendUserBinaryMessageOutsideRoom", [userId, bytesOf(message)]);
  }

  setServerParams(signature: unknown, url: unknown): Promise<unknown> {
    return this._core.setServerParams(signature, url);
  }

  sendServerMessage(message: unknown): Promise<unknown> {
    return this._core.call("sendServerMessage", [message]);
  }

  sendServerBinaryMessage(message: unknown): Promise<unknown> {
    return this._core.call("sendServerBinaryMessage", [bytesOf(message)]);
  }

  // The room plane.

  joinRoom(token: unknown, roomId: unknown, userInfo: unknown, roomConfig?: unknown): Promise<unknown> {
    const roomMode = (roomConfig as { roomMode?: unknown } | null | undefined)?.roomMode;
    return this._core.enter("joinRoom", [token, roomId, userInfo, { roomMode }], "JOIN_ROOM_FAILED");
  }

  leaveRoom(_waitAck?: unknown): Promise<unknown> {
    return this._core.call("leaveRoom", []);
  }

  updateToken(token: unknown): Promise<unknown> {
    return this._core.call("updateToken", [token]);
  }

  setUserVisibility(enable: unknown): Promise<unknown> {
    return this._core.call("setUserVisibility", [enable]);
  }

  setBusinessId(businessId: unknown): boolean {
    return this._core.setBusinessId(businessId);
  }

  sendUserMessage(userId: unknown, message: unknown): Promise<unknown> {
    return this._core.call("sendUserMessage", [userId, message]);
  }

  sendUserBinaryMessage(userId: unknown, message: unknown): Promise<unknown> {
    return this._core.call("sendUserBinaryMessage", [userId, bytesOf(message)]);
  }

  sendRoomMessage(message: unknown): Promise<unknown> {
    return this._core.call("sendRoomMessage", [message]);
  }

  sendRoomBinaryMessage(message: unknown): Promise<unknown> {
    return this._core.call("sendRoomBinaryMessage", [bytesOf(message)]);
  }

  destroy(): void {
    this._core.destroy();
  }
}

define(RTCEngine.prototype, mediaPromises, (name) => Promise.reject(new SDKError("NOT_SUPPORTED", refusal(name))));
define(RTCEngine.prototype, mediaVoids, warn);
