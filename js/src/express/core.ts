import { encodeArguments, JSONText } from "../bridge/arguments.js";
import type { Bridge, Voice } from "../bridge/bridge.js";
import { inOrder } from "../bridge/macrotask.js";
import type { TableReader } from "../bridge/table.js";
import { ParleyError } from "../error.js";
import { running, whenReady } from "../loader/load.js";
import { serverURL } from "../server.js";
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

/** A call that waits for the program. */
interface Waiting {
  run(bridge: Bridge): void;
  fail(error: Error): void;
}

/**
 * What is behind one ZegoExpressEngine. Calls run in Go; until Go is there they
 * wait in order. The little that must be answered at once before that is kept
 * here.
 */
export class Core implements Voice {
  readonly emitter = new Emitter(() => this.#listenLater());
  readonly #appID: unknown;
  readonly #server: unknown;

  #bridge: Bridge | undefined;
  #id = 0;
  #starting = false;
  #waiting: Waiting[] = [];
  #listenPending = false;
  #destroyed = false;

  #multi: boolean | undefined;
  #retrySeconds: number | undefined;
  #loginCalled = false;
  /** Rooms that waiting calls will have logged in to. */
  #expected: string[] = [];
  /** Rooms by what was told of them, to tell their end when the program dies. */
  readonly #told = new Set<unknown>();

  constructor(appID: unknown, server: unknown) {
    this.#appID = appID;
    this.#server = server;
    if (typeof WebSocket !== "undefined") this.#start();
  }

  /** Calls a method of Go and returns its promise, which settles in order with the events. */
  call(method: string, args: readonly unknown[], shape: Shape): Promise<unknown> {
    if (this.#destroyed) return Promise.reject(afterDestroy(method));
    return new Promise((resolve, reject) => {
      // What was told before the answer came is heard before it.
      const fulfil = (value: unknown): void => inOrder(() => resolve(value));
      const settle = (error: unknown): void => {
        const reason = error instanceof Error ? shape(error) : error;
        inOrder(() => reject(reason));
      };
      let encoded: Uint8Array;
      try {
        encoded = encodeArguments(args);
      } catch (error) { // a getter of the page's that throws
        return settle(error instanceof Error ? error : new Error(String(error)));
      }
      this.#run({
        run: (bridge) => void bridge.call(this.#id, index(bridge, method), encoded, { resolve: fulfil, reject: settle }),
        fail: settle,
      });
    });
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
    if (this.#bridge === undefined && typeof roomID === "string" && roomID !== "") this.#expected.push(roomID);
    const shape: Shape = (error) => this.#loginFailed(roomID, error);
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
    if (this.#bridge === undefined) {
      if (this.#expected.length > 0 && !all && !this.#expected.includes(roomID as string)) return wrong;
      this.#expected = all ? [] : this.#expected.filter((id) => id !== roomID);
      if (!this.#starting && this.#waiting.length === 0) {
        this.#noRoom(roomID);
        return undefined;
      }
      const encoded = encodeArguments([roomID]);
      this.#run({ run: (bridge) => void this.#logout(bridge, encoded, roomID), fail: () => this.#noRoom(roomID) });
      return undefined;
    }
    return this.#logout(this.#bridge, encodeArguments([roomID]), roomID) === codes.wrongRoom ? wrong : undefined;
  }

  renewToken(token: unknown, roomID: unknown): boolean {
    // Nothing can be logged in to before the program runs.
    return this.#now("renewToken", [token, roomID]) === 1;
  }

  enableMultiRoom(enable: unknown): boolean {
    if (typeof enable !== "boolean" || this.#multi !== undefined || this.#loginCalled || this.#destroyed) return false;
    this.#multi = enable;
    this.#now("enableMultiRoom", [enable]);
    return true;
  }

  setRoomScenario(scenario: unknown): boolean {
    const valid = typeof scenario === "number" && Number.isInteger(scenario) && scenario >= 3 && scenario <= 9;
    return valid && this.#now("loggedIn", []) !== 1;
  }

  setRoomRetryTime(seconds: number): void {
    this.#retrySeconds = seconds;
    this.#now("setRoomRetryTime", [seconds]);
  }

  networkTime(): { timestamp: number; maxDeviation: number } {
    let maxDeviation = 0;
    const timestamp = this.#now("networkTime", [], (value) => void (maxDeviation = value as number)) ?? 0;
    return { timestamp, maxDeviation };
  }

  limits(): unknown {
    let limits: unknown;
    this.#now("limits", [], (value) => void (limits = value ?? undefined));
    return limits;
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#expected = [];
    if (this.#bridge === undefined && this.#waiting.length === 0) return;
    this.#run({
      run: (bridge) => {
        bridge.call(this.#id, index(bridge, "destroyEngine"), encodeArguments([]));
        bridge.end(this.#id);
        this.#id = 0;
        this.#bridge = undefined;
      },
      fail: () => {},
    });
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
    tellMessages(table, this.emitter);
  }

  fatal(error: Error): void {
    this.#bridge = undefined;
    this.#id = 0;
    for (const room of this.#told) {
      this.emitter.emit("roomStateUpdate", room, "DISCONNECTED", codes.unknown, error.message);
      this.emitter.emit("roomStateChanged", room, "RECONNECT_FAILED", codes.unknown, error.message);
    }
    this.#told.clear();
  }

  // Starting.

  #start(): void {
    if (this.#starting || this.#bridge !== undefined || this.#destroyed) return;
    const bridge = running();
    if (bridge !== undefined) return this.#open(bridge);
    this.#starting = true;
    whenReady().then(
      (ready) => {
        this.#starting = false;
        this.#open(ready);
      },
      (error: unknown) => {
        this.#starting = false;
        const waiting = this.#waiting.splice(0);
        this.#expected = [];
        for (const call of waiting) call.fail(error as Error);
      },
    );
  }

  #open(bridge: Bridge): void {
    if (this.#destroyed && this.#waiting.length === 0) return;
    this.#id = bridge.open("express", this, encodeArguments([this.#appID]));
    this.#bridge = bridge;
    if (this.#multi !== undefined) this.#now("enableMultiRoom", [this.#multi]);
    if (this.#retrySeconds !== undefined) this.#now("setRoomRetryTime", [this.#retrySeconds]);
    this.#now("listen", [this.emitter.names()]);
    this.#expected = [];
    for (const call of this.#waiting.splice(0)) call.run(bridge);
  }

  #run(call: Waiting): void {
    if (this.#bridge === undefined) this.#start();
    if (this.#bridge !== undefined) return call.run(this.#bridge);
    this.#waiting.push(call);
  }

  /** Calls a method that answers at once; undefined while there is no program. */
  #now(method: string, args: readonly unknown[], told?: (value: unknown) => void): number | undefined {
    if (this.#bridge === undefined) return undefined;
    const pending = told && { resolve: told, reject: () => {} };
    return this.#bridge.call(this.#id, index(this.#bridge, method), encodeArguments(args), pending);
  }

  #logout(bridge: Bridge, encoded: Uint8Array, roomID: unknown): number {
    const result = bridge.call(this.#id, index(bridge, "logoutRoom"), encoded);
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

  /** Tells Go what is listened for, once for many changes in a row. */
  #listenLater(): void {
    if (this.#listenPending || this.#bridge === undefined) return;
    this.#listenPending = true;
    queueMicrotask(() => {
      this.#listenPending = false;
      this.#now("listen", [this.emitter.names()]);
    });
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

function index(bridge: Bridge, method: string): number {
  return bridge.offer?.dialects["express"]?.indexOf(method) ?? -1;
}
