import type { Voice } from "../bridge/bridge.js";
import { Instance } from "../bridge/instance.js";
import { inOrder } from "../bridge/macrotask.js";
import type { TableReader } from "../bridge/table.js";
import type { EngineCore } from "../engines.js";
import { ParleyError } from "../error.js";
import { report } from "../report.js";
import { serverURL } from "../server.js";
import { Unheard } from "../unheard.js";
import { Emitter } from "./emitter.js";
import { SDKError } from "./error.js";
import { tellMessages } from "./messages.js";

const paramsResult = "onServerParamsSetResult";

/** What Go rejects with. */
interface Problem {
  readonly code: string;
  readonly message: string;
}

/** What is behind one engine of VERTC's. */
export class Core implements Voice, EngineCore {
  readonly emitter = new Emitter(() => this.go.listenLater(() => this.#heard()));
  readonly #appId: string;
  readonly #engine: object;
  readonly go: Instance;
  readonly #unheard = new Unheard();
  #destroyed = false;
  #joinCalled = false;
  /** A login or a join was called: there may be something to lose. */
  #entered = false;

  /** engine is what listeners get as their this. */
  constructor(appId: string, engine: object) {
    this.#appId = appId;
    this.#engine = engine;
    this.go = this.#open(this);
  }

  /** Calls a method of Go's. code is for a failure of the SDK itself. */
  async call(method: string, args: readonly unknown[], code = "UNEXPECTED_ERROR"): Promise<unknown> {
    const shape = (reason: unknown): unknown => errorOf(reason, code);
    if (!this.#destroyed) return await this.go.call(method, args, shape) ?? undefined;
    // An engine that was destroyed is as a new one that nobody logs in with.
    const other = this.#open({ event: () => {}, messages: () => {}, fatal: () => {} });
    const answer = other.call(method, args, shape);
    other.end("destroy");
    return await answer ?? undefined;
  }

  /** Logs in or joins: a call with the server's address behind its arguments. */
  async enter(method: "login" | "joinRoom", args: readonly unknown[], code: string): Promise<unknown> {
    let missing: Error | undefined;
    const url = serverURL(undefined);
    if (this.#destroyed) {
      missing = new Error("The engine was destroyed. Make a new one with VERTC.createEngine.");
    } else if (typeof WebSocket === "undefined") {
      missing = new ParleyError("UNSUPPORTED", "This environment has no WebSocket.", "Use a current browser, or Node 22 or later.");
    } else if (url === undefined) {
      missing = new ParleyError("NO_SERVER", "No server is configured.", "Call Parley.configure({ server: 'wss://your-host/ws' }).");
    } else {
      this.#entered = true;
      if (method === "joinRoom") this.#joinCalled = true;
    }
    try {
      return await this.call(method, [...args, missing === undefined ? url : undefined], code);
    } catch (error) {
      // Go had nothing against it but that there is no address.
      if (missing !== undefined && error instanceof SDKError && error.message === "") throw new SDKError(code, missing.message, missing);
      throw error;
    }
  }

  /** A refusal of its arguments or of the state is told inside the call (volc.md §1.5). */
  setServerParams(signature: unknown, url: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let inside = true;
      const fail = (reason: unknown): void => {
        const error = errorOf(reason, "UNEXPECTED_ERROR");
        if (inside) {
          this.emitter.emit(paramsResult, [error.code], this.#engine, report);
          return reject(error);
        }
        // Go has told the rest, but for failures of the SDK itself.
        if (reason instanceof Error) this.#tell(paramsResult, [[error.code]]);
        inOrder(() => reject(error));
      };
      if (this.go.running) {
        this.go.ask("setServerParams", [signature, url], { resolve: () => inOrder(() => resolve(undefined)), reject: fail });
      } else { // nobody can be logged in
        const [name] = Object.entries({ signature, url }).find(([, value]) => typeof value !== "string" || value === "") ?? [];
        fail(name === undefined ? { code: "NOT_LOGIN", message: "login first" }
          : { code: "INVALID_PARAMS", message: `Invalid ${name}: The value should be string type. Length of the string: [1,Infinity]` });
      }
      inside = false;
    });
  }

  setBusinessId(id: unknown): boolean {
    if (this.go.running) return this.go.now("setBusinessId", [id]) === 1;
    return typeof id === "string" && id !== "" && !this.#joinCalled;
  }

  limits(): unknown {
    let limits: unknown;
    this.go.now("limits", [], (value) => void (limits = value ?? undefined));
    return limits;
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#entered = false;
    this.go.end("destroy");
  }

  // What Go says.

  event(name: string, args: unknown[]): void {
    this.#tell(name, [args]);
  }

  messages(table: TableReader): void {
    tellMessages(table, (name, calls) => this.#tell(name, calls), this.emitter, this.#unheard);
  }

  fatal(_error: Error): void {
    this.go.lost();
    if (this.#entered) this.#tell("onError", [[{ errorCode: "RECONNECT_FAILED" }]]);
    this.#entered = false;
  }

  #tell(name: string, calls: unknown[][]): boolean {
    return this.emitter.tell(name, calls, this.#engine);
  }

  #open(voice: Voice): Instance {
    return new Instance({
      dialect: "volc", voice, args: [this.#appId],
      opened: (go) => void (voice === this && go.now("listen", [this.#heard()])),
    });
  }

  #heard(): string[] {
    return this.emitter.names().filter((name) => typeof name === "string");
  }
}

/** Makes the error of what Go, or the SDK itself, failed with. */
function errorOf(reason: unknown, code: string): SDKError {
  if (reason instanceof Error) return new SDKError(code, reason.message, reason);
  const { code: own, message } = reason as Problem;
  return new SDKError(own, message);
}

/** An ArrayBuffer as bytes, a copy of nothing; undefined for anything else, which Go refuses. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  try {
    // By its tag: it may come from another frame.
    if (Object.prototype.toString.call(value) === "[object ArrayBuffer]") return new Uint8Array(value as ArrayBuffer);
  } catch {
    // Transferred to somebody else meanwhile.
  }
  return undefined;
}
