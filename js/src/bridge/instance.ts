import { running, whenReady } from "../loader/load.js";
import { encodeArguments } from "./arguments.js";
import type { Bridge, Pending, Voice } from "./bridge.js";
import { inOrder } from "./macrotask.js";

/** A call that waits for the program. */
interface Waiting {
  run(bridge: Bridge): void;
  fail(error: Error): void;
}

/** What an instance is of. */
export interface Kind {
  /** The dialect's name in Go. */
  readonly dialect: string;
  /** Hears what Go says; the owner. */
  readonly voice: Voice;
  readonly args: readonly unknown[];
  /** Runs when Go has opened the instance, before the calls that wait; maybe in its constructor. */
  opened(instance: Instance): void;
}

/**
 * Go's half of one engine of a dialect. Calls run in Go; until Go is there they
 * wait in order. Loading begins when the first one is made, or the first call.
 */
export class Instance {
  readonly #kind: Kind;
  #bridge: Bridge | undefined;
  #id = 0;
  #starting = false;
  #waiting: Waiting[] = [];
  #listenPending = false;
  #trace = false;
  #ended = false;

  constructor(kind: Kind) {
    this.#kind = kind;
    if (typeof WebSocket !== "undefined") this.#start();
  }

  /** Whether Go is there. */
  get running(): boolean {
    return this.#bridge !== undefined;
  }

  /** Whether nothing has been asked of it, nor will Go be there soon. */
  get idle(): boolean {
    return !this.running && !this.#starting && this.#waiting.length === 0;
  }

  /**
   * Calls a method and returns its promise, which settles in order with the
   * events. shape makes of a reason what the promise rejects with; an Error is
   * a failure of the SDK itself.
   */
  call(method: string, args: readonly unknown[], shape: (reason: unknown) => unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.ask(method, args, {
        // What was told before the answer came is heard before it.
        resolve: (value) => inOrder(() => resolve(value)),
        reject: (cause) => {
          const reason = shape(cause);
          inOrder(() => reject(reason));
        },
      });
    });
  }

  /** Calls a method and settles pending at once with the answer. */
  ask(method: string, args: readonly unknown[], pending: Pending): void {
    let encoded: Uint8Array;
    try {
      encoded = encodeArguments(args);
    } catch (error) { // a getter of the page's that throws
      return pending.reject(error instanceof Error ? error : new Error(String(error)));
    }
    this.run((bridge) => void bridge.call(this.#id, this.#index(method), encoded, pending), (error) => pending.reject(error));
  }

  /** Calls a method that answers at once; undefined while there is no program. */
  now(method: string, args: readonly unknown[], told?: (value: unknown) => void): number | undefined {
    const pending = told && { resolve: told, reject: () => {} };
    return this.#bridge?.call(this.#id, this.#index(method), encodeArguments(args), pending);
  }

  /** Runs a task when Go is there and what waits already has run. */
  run(task: (bridge: Bridge) => void, fail: (error: Error) => void): void {
    if (this.#bridge === undefined) this.#start();
    if (this.#bridge !== undefined) return task(this.#bridge);
    this.#waiting.push({ run: task, fail });
  }

  /** Tells Go what is listened for, once for many changes in a row. */
  listenLater(names: () => string[]): void {
    if (this.#listenPending || this.#bridge === undefined) return;
    this.#listenPending = true;
    queueMicrotask(() => {
      this.#listenPending = false;
      this.now("listen", [names()]);
    });
  }

  /** Whether traces of what is sent from now on are asked for. */
  trace(enabled: boolean): void {
    this.#trace = enabled;
    this.now("trace", [enabled]);
  }

  /** Whether it was ended. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Ends the instance by this method, after the calls that wait. */
  end(method: string): void {
    this.#ended = true;
    if (this.#bridge === undefined && this.#waiting.length === 0) return;
    this.run((bridge) => {
      this.now(method, []);
      bridge.end(this.#id);
      this.lost();
    }, () => {});
  }

  /** The Go program has ended: the next call starts another one. */
  lost(): void {
    this.#id = 0;
    this.#bridge = undefined;
  }

  #start(): void {
    if (this.#starting || this.#bridge !== undefined || (this.#ended && this.#waiting.length === 0)) return;
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
        for (const call of this.#waiting.splice(0)) call.fail(error as Error);
      },
    );
  }

  #open(bridge: Bridge): void {
    if (this.#ended && this.#waiting.length === 0) return;
    this.#id = bridge.open(this.#kind.dialect, this.#kind.voice, encodeArguments(this.#kind.args));
    this.#bridge = bridge;
    if (this.#trace) this.now("trace", [true]);
    this.#kind.opened(this);
    for (const call of this.#waiting.splice(0)) call.run(bridge);
  }

  #index(method: string): number {
    return this.#bridge?.offer?.dialects[this.#kind.dialect]?.indexOf(method) ?? -1;
  }
}
