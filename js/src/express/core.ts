import { JSONText } from "../bridge/arguments.js";
import type { Voice } from "../bridge/bridge.js";
import { Instance } from "../bridge/instance.js";
import type { TableReader } from "../bridge/table.js";
import type { EngineCore } from "../engines.js";
import { ParleyError } from "../error.js";
import { serverURL } from "../server.js";
import { Unheard } from "../unheard.js";
import { Emitter } from "./emitter.js";
import { tellMessages } from "./messages.js";
import { codes } from "./names.js";

/** Results of the Go side's logoutRoom. */
const logoutNoLogin = 1;

/** How a failure of the SDK itself looks as a rejection of a method. */
type Shape = (error: Error) => unknown;

/** Shape of the room methods' rejections. */
export const roomShape: Shape = (error) => ({ code: codes.unknown, msg: error.message });

/** Shape of the sends' rejections. */
export const sendShape: Shape = (error) => ({ errorCode: codes.unknown, extendedData: error.message });

/**
 * What is behind one ZegoExpressEngine. Calls run in Go; the little that must be
 * answered at once before Go is there is kept here.
 */
export class Core implements Voice, EngineCore {
  readonly emitter = new Emitter(() => this.go.listenLater(() => this.emitter.names()));
  readonly #server: unknown;
  readonly go: Instance;
  #destroyed = false;

  #multi: boolean | undefined;
  #retrySeconds: number | undefined;
  #loginCalled = false;
  /** Rooms that waiting calls will have logged in to. */
  #expected: string[] = [];
  readonly #unheard = new Unheard();
  /** Rooms by what was told of them, to tell their end when the program dies. */
  readonly #told = new Set<unknown>();

  constructor(appID: unknown, server: unknown) {
    this.#server = server;
    this.go = new Instance({ dialect: "express", voice: this, args: [appID], opened: (go) => this.#opened(go) });
  }

  /** Calls a method of Go and returns its promise, which settles in order with the events. */
  call(method: string, args: readonly unknown[], shape: Shape): Promise<unknown> {
    if (this.#destroyed) return Promise.reject(afterDestroy(method));
    return this.go.call(method, args, (reason) => (reason instanceof Error ? shape(reason) : reason));
  }

  loginRoom(roomID: unknown, token: unknown, user: unknown, config: unknown): Promise<unknown> {
    if (this.#destroyed) return Promise.reject(afterDestroy("loginRoom"));
    this.#loginCalled = true;
    const url = serverURL(this.#server);
    const missing = typeof WebSocket === "undefined"
      ? new ParleyError("UNSUPPORTED", "This environment has no WebSocket.", "Use a current browser, or Node 22 or later.")
      : url === undefined
        ? new ParleyError("NO_SERVER", "No server is configured.", "Call Parley.configure({ server: 'wss://your-host/ws' }).")
        : undefined;
    if (missing !== undefined) return Promise.reject(this.#loginFailed(roomID, missing));
    if (!this.go.running && typeof roomID === "string" && roomID !== "") this.#expected.push(roomID);
    const shape: Shape = (error) => {
      if (!this.go.running) this.#expected = [];
      return this.#loginFailed(roomID, error);
    };
    return this.call("loginRoom", [roomID, token, user, config, url], shape);
  }

  /** Returns what to throw, or undefined. */
  logoutRoom(roomID: unknown): { code: number; msg: string } | undefined {
    const wrong = { code: codes.wrongRoom, msg: "have not logged in with this room ID" };
    const all = roomID === undefined || roomID === null;
    if (this.#destroyed) {
      this.#noRoom(roomID);
      return undefined;
    }
    if (!this.go.running) {
      if (this.#expected.length > 0 && !all && !this.#expected.includes(roomID as string)) return wrong;
      this.#expected = all ? [] : this.#expected.filter((id) => id !== roomID);
      if (this.go.idle) this.#noRoom(roomID);
      else this.go.run(() => void this.#logout(roomID), () => this.#noRoom(roomID));
      return undefined;
    }
    return this.#logout(roomID) === codes.wrongRoom ? wrong : undefined;
  }

  renewToken(token: unknown, roomID: unknown): boolean {
    // Nothing can be logged in to before the program runs.
    return this.go.now("renewToken", [token, roomID]) === 1;
  }

  enableMultiRoom(enable: unknown): boolean {
    if (typeof enable !== "boolean" || this.#multi !== undefined || this.#loginCalled || this.#destroyed) return false;
    this.#multi = enable;
    this.go.now("enableMultiRoom", [enable]);
    return true;
  }

  setRoomScenario(scenario: unknown): boolean {
    const valid = typeof scenario === "number" && Number.isInteger(scenario) && scenario >= 3 && scenario <= 9;
    return valid && this.go.now("loggedIn", []) !== 1;
  }

  setRoomRetryTime(seconds: number): void {
    this.#retrySeconds = seconds;
    this.go.now("setRoomRetryTime", [seconds]);
  }

  networkTime(): { timestamp: number; maxDeviation: number } {
    let maxDeviation = 0;
    const timestamp = this.go.now("networkTime", [], (value) => void (maxDeviation = value as number)) ?? 0;
    return { timestamp, maxDeviation };
  }

  limits(): unknown {
    let limits: unknown;
    this.go.now("limits", [], (value) => void (limits = value ?? undefined));
    return limits;
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#expected = [];
    this.go.end("destroyEngine");
  }

  sendCustomCommand(roomID: unknown, command: unknown, users: unknown): Promise<unknown> {
    let given = command;
    if (typeof command === "object" && command !== null) {
      try {
        given = new JSONText(JSON.stringify(command) as string | undefined ?? "");
      } catch (error) {
        return Promise.reject({ errorCode: codes.input, extendedData: String(error) });
      }
    }
    return this.call("sendCustomCommand", [roomID, given, users], sendShape);
  }

  // What Go says.

  event(name: string, args: unknown[]): void {
    args[0] ??= undefined; // JSON has no undefined for a room that was not given
    if (name === "roomStateUpdate") {
      if (args[1] === "DISCONNECTED") this.#told.delete(args[0]);
      else this.#told.add(args[0]);
    }
    this.emitter.emit(name, ...args);
  }

  messages(table: TableReader): void {
    tellMessages(table, this.emitter, this.#unheard);
  }

  fatal(error: Error): void {
    this.go.lost();
    for (const room of this.#told) {
      this.emitter.emit("roomStateUpdate", room, "DISCONNECTED", codes.unknown, error.message);
      this.emitter.emit("roomStateChanged", room, "RECONNECT_FAILED", codes.unknown, error.message);
    }
    this.#told.clear();
  }

  #opened(go: Instance): void {
    if (this.#multi !== undefined) go.now("enableMultiRoom", [this.#multi]);
    if (this.#retrySeconds !== undefined) go.now("setRoomRetryTime", [this.#retrySeconds]);
    go.now("listen", [this.emitter.names()]);
    this.#expected = [];
  }

  #logout(roomID: unknown): number | undefined {
    const result = this.go.now("logoutRoom", [roomID]);
    if (result === logoutNoLogin) this.#noRoom(roomID);
    return result;
  }

  #noRoom(roomID: unknown): void {
    this.emitter.emit("roomStateChanged", roomID, "LOGOUT", 0, "no room login");
  }

  /** Tells a login that failed before Go heard of it, and returns the rejection. */
  #loginFailed(roomID: unknown, error: Error): { code: number; msg: string } {
    const code = failureCode(error);
    if (!this.#told.has(roomID)) {
      this.emitter.emit("roomStateUpdate", roomID, "CONNECTING", 0, "");
      this.emitter.emit("roomStateChanged", roomID, "LOGINING", 0, "");
    }
    this.#told.delete(roomID);
    this.emitter.emit("roomStateUpdate", roomID, "DISCONNECTED", code, error.message);
    this.emitter.emit("roomStateChanged", roomID, "LOGIN_FAILED", code, error.message);
    return { code, msg: error.message };
  }
}

/** The number for a failure of the SDK itself. */
function failureCode(error: Error): number {
  if (!(error instanceof ParleyError) || error.code === "ENDED") return codes.unknown;
  return error.code === "NO_SERVER" ? codes.configFailed : codes.initFailed;
}

/** What calls reject with after destroyEngine (express.md §1.4). */
function afterDestroy(method: string): unknown {
  if (method === "loginRoom" || method === "switchRoom") return { code: codes.initFailed, msg: "engine is destroyed" };
  return { errorCode: method === "setRoomExtraInfo" ? codes.wrongRoom : codes.notLogin };
}
