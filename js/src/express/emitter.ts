import { macrotask } from "../bridge/macrotask.js";
import { report } from "../report.js";
import { roomEvents, silentEvents } from "./names.js";

type Listener = (...args: unknown[]) => unknown;

const known: ReadonlySet<unknown> = new Set<string>([...roomEvents, ...silentEvents]);

/**
 * The listeners of one engine, as express.md §4 has them: a function is kept
 * once per event, names are checked, each listener runs in a macrotask of its
 * own, and one that throws costs the others nothing.
 */
export class Emitter {
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #changed: () => void;

  /** changed is called when the set of events with listeners may be another. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  on(event: unknown, listener: unknown): boolean {
    if (!known.has(event) || typeof listener !== "function") return false;
    const listeners = this.#listeners.get(event as string);
    if (listeners === undefined) {
      this.#listeners.set(event as string, new Set([listener as Listener]));
      this.#changed();
    } else {
      listeners.add(listener as Listener);
    }
    return true;
  }

  off(event: unknown, listener?: unknown): boolean {
    if (!known.has(event)) return false;
    const listeners = this.#listeners.get(event as string);
    if (listeners === undefined) return true;
    if (listener === undefined) listeners.clear();
    else listeners.delete(listener as Listener);
    if (listeners.size === 0) {
      this.#listeners.delete(event as string);
      this.#changed();
    }
    return true;
  }

  /** Events that have a listener. */
  names(): string[] {
    return [...this.#listeners.keys()];
  }

  /** Whether anyone listens: whoever builds arguments for nobody can skip it. */
  heard(event: string): boolean {
    return this.#listeners.has(event);
  }

  emit(event: string, ...args: unknown[]): void {
    this.emitAll(event, [args]);
  }

  /** Calls each listener once for each of calls, in one macrotask per listener. False: nobody listens. */
  emitAll(event: string, calls: readonly (readonly unknown[])[]): boolean {
    const listeners = this.#listeners.get(event);
    if (listeners === undefined) return false;
    for (const listener of listeners) {
      macrotask(() => {
        for (const args of calls) {
          if (!this.#listeners.get(event)?.has(listener)) return; // taken away meanwhile
          try {
            listener(...args);
          } catch (error) {
            report(error);
          }
        }
      });
    }
    return true;
  }
}
