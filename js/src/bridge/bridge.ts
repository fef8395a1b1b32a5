import { log } from "../log.js";
import { Clock } from "./clock.js";
import { turn } from "./macrotask.js";
import { Sockets } from "./sockets.js";
import { TableReader } from "./table.js";

/** What one engine of a dialect hears from Go. */
export interface Voice {
  /** An event: its name, then the listeners' arguments. */
  event(name: string, args: unknown[]): void;
  /** The messages of one frame. */
  messages(table: TableReader): void;
  /** The Go program has ended; nothing more will come. */
  fatal(error: Error): void;
}

/** A promise that Go settles. */
export interface Pending {
  resolve(value: unknown): void;
  reject(reason: unknown): void;
}

/** What Go exports (package jsx). */
export interface Exports {
  readonly mem: WebAssembly.Memory;
  parley_buffer(n: number): number;
  parley_opened(socket: number): void;
  parley_frame(socket: number, n: number): void;
  parley_closed(socket: number, code: number, n: number): void;
  parley_fire(timer: number): void;
  parley_open(dialect: number, n: number): number;
  parley_call(instance: number, method: number, call: number, n: number): number;
  parley_end(instance: number): void;
  parley_signal(signal: number): void;
  parley_held(what: number): number;
}

/** What Go says when it has started. */
export interface Offer {
  readonly stamp: string;
  readonly dialects: Readonly<Record<string, readonly string[]>>;
}

/** News about the page; package page has the same numbers. */
export const signal = { visible: 0, networkUp: 1, leaving: 2 } as const;

/** How often, at most, Go's scheduler gets a turn after a call into it. */
const turnEvery = 250;

const encoder = new TextEncoder();
// ignoreBOM: a byte order mark is text, and lengths count it.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * One Go program. Everything that crosses between it and the page crosses here;
 * package jsx is the other side and says what may happen when.
 */
export class Bridge {
  readonly #voices = new Map<number, Voice>();
  readonly #pending = new Map<number, Pending>();
  readonly #clock: Clock;
  readonly #sockets: Sockets;
  #exports: Exports | undefined;
  #offer: Offer | undefined;
  #resume: () => void = () => {};
  #trapped: (cause: unknown) => void = () => {};
  #lastTurn = 0;
  #lastCall = 0;
  #settled = 0; // calls so far
  #ended: Error | undefined;

  constructor() {
    this.#clock = new Clock((id) => this.#enter((go) => go.parley_fire(id)));
    this.#sockets = new Sockets({
      opened: (id) => this.#enter((go) => go.parley_opened(id)),
      frame: (id, data) => {
        const settled = this.#settled;
        turn(() => this.#enter((go) => {
          this.#put(go, data);
          go.parley_frame(id, data.length);
        }), () => settled === this.#settled);
      },
      closed: (id, code, reason) => this.#enter((go) => {
        go.parley_closed(id, code, this.#put(go, encoder.encode(reason)));
      }),
    });
  }

  /** What the wasm module imports. Nothing here calls Go back. */
  get imports(): WebAssembly.ModuleImports {
    const random = new BigUint64Array(1);
    return {
      now: () => this.#clock.now(),
      random: () => crypto.getRandomValues(random)[0],
      timer: (id: number, ms: number) => this.#clock.set(id, ms),
      untimer: (id: number) => this.#clock.clear(id),
      dial: (id: number, at: number, n: number) => this.#sockets.dial(id, this.#text(at, n)),
      send: (id: number, at: number, n: number) => this.#sockets.send(id, this.#bytes(at, n)),
      buffered: (id: number) => this.#sockets.buffered(id),
      close: (id: number, code: number, at: number, n: number) => this.#sockets.close(id, code, this.#text(at, n)),
      settle: (call: number, ok: number, at: number, n: number) => this.#settle(call, ok === 1, this.#json(at, n)),
      event: (id: number, at: number, n: number) => {
        const [name, ...args] = this.#json(at, n) as [string, ...unknown[]];
        this.#voices.get(id)?.event(name, args);
      },
      messages: (id: number, at: number, count: number, text: number, size: number, blob: number, length: number) => {
        const numbers = new Float64Array(this.#memory(), at >>> 0, count);
        this.#voices.get(id)?.messages(new TableReader(numbers, this.#text(text, size), this.#bytes(blob, length)));
      },
      failed: (at: number, n: number) => {
        log.error("Parley: internal error:", this.#text(at, n));
      },
      ready: (at: number, n: number) => {
        this.#offer = this.#json(at, n) as Offer;
      },
    };
  }

  /** What Go said in its start; undefined before. */
  get offer(): Offer | undefined {
    return this.#offer;
  }

  /** Joins the two sides: from now on calls may go in. */
  connect(exports: Exports, resume: () => void, trapped: (cause: unknown) => void): void {
    this.#exports = exports;
    this.#resume = resume;
    this.#trapped = trapped;
  }

  /** Gives the memory to imports that Go calls while it starts. */
  starting(exports: Exports): void {
    this.#exports = exports;
  }

  /** Makes an instance of a dialect. 0: it has none of this name. */
  open(dialect: string, voice: Voice, args: Uint8Array): number {
    const index = Object.keys(this.#offer?.dialects ?? {}).indexOf(dialect);
    const id = this.#enter((go) => go.parley_open(index, this.#put(go, args))) ?? 0;
    if (id !== 0) this.#voices.set(id, voice);
    return id;
  }

  /**
   * Calls a method of an instance by its index. pending is settled once, maybe
   * before this returns. The number is the result of methods that answer at
   * once; NaN: the call could not be carried out, and pending is rejected.
   */
  call(instance: number, method: number, args: Uint8Array, pending?: Pending): number {
    let call = 0;
    if (pending !== undefined) {
      call = this.#lastCall = (this.#lastCall % 0xffff_fffe) + 1;
      this.#pending.set(call, pending);
    }
    const result = this.#enter((go) => go.parley_call(instance, method, call, this.#put(go, args))) ?? NaN;
    if (Number.isNaN(result) && this.#pending.delete(call)) {
      pending?.reject(this.#ended ?? new Error("Parley: internal error"));
    }
    return result;
  }

  /** Ends an instance. */
  end(instance: number): void {
    this.#voices.delete(instance);
    this.#enter((go) => go.parley_end(instance));
  }

  signal(news: number): void {
    this.#enter((go) => go.parley_signal(news));
  }

  /** Closes the sockets so that the page may be frozen; Go comes back later. */
  suspend(): void {
    this.#sockets.suspend();
  }

  /** What is held for this program: tests look for leaks with it. */
  held(): { instances: number; sockets: number; timers: number; goSockets: number; goTimers: number; calls: number } {
    const of = (what: number): number => this.#enter((go) => go.parley_held(what)) ?? 0;
    return {
      instances: of(0), goSockets: of(1), goTimers: of(2),
      sockets: this.#sockets.size, timers: this.#clock.size, calls: this.#pending.size,
    };
  }

  /** The Go program has ended: every open promise is rejected. */
  ended(error: Error): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    this.#clock.stop();
    this.#sockets.abandon();
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const call of pending) call.reject(error);
    const voices = [...this.#voices.values()];
    this.#voices.clear();
    for (const voice of voices) voice.fatal(error);
  }

  /**
   * Runs one call into Go. An exception out of it, which only a trap or an
   * ended program can throw, ends the program.
   */
  #enter<T>(call: (go: Exports) => T): T | undefined {
    if (this.#ended !== undefined || this.#exports === undefined) return undefined;
    try {
      const result = call(this.#exports);
      const now = performance.now();
      if (now - this.#lastTurn > turnEvery) {
        this.#lastTurn = now;
        this.#resume();
      }
      return result;
    } catch (error) {
      this.#trapped(error);
      return undefined;
    }
  }

  #settle(call: number, ok: boolean, value: unknown): void {
    const pending = this.#pending.get(call);
    this.#pending.delete(call);
    this.#settled++;
    if (ok) pending?.resolve(value);
    else pending?.reject(value);
  }

  /** Copies data into Go's buffer and returns its length. */
  #put(go: Exports, data: Uint8Array): number {
    const at = go.parley_buffer(data.length) >>> 0;
    new Uint8Array(go.mem.buffer, at, data.length).set(data);
    return data.length;
  }

  #memory(): ArrayBuffer {
    return this.#exports!.mem.buffer as ArrayBuffer;
  }

  #bytes(at: number, n: number): Uint8Array {
    return new Uint8Array(this.#memory(), at >>> 0, n);
  }

  #text(at: number, n: number): string {
    return n === 0 ? "" : decoder.decode(this.#bytes(at, n));
  }

  #json(at: number, n: number): unknown {
    return JSON.parse(this.#text(at, n));
  }
}
