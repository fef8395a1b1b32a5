import { macrotask } from "../bridge/macrotask.js";
import { report } from "../report.js";

type Listener = (...args: unknown[]) => unknown;

interface Entry {
  readonly listener: Listener;
  readonly context: unknown;
  readonly once: boolean;
}

/**
 * The listeners of one engine, as volc.md §1.2 has them: any name, any number of
 * times, called at once and in order by emit. Lists are replaced, never changed:
 * a listener may take itself or others away while they are being called.
 */
export class Emitter {
  readonly #entries = new Map<unknown, readonly Entry[]>();
  readonly #changed: () => void;

  /** changed is called when the set of events with listeners may be another. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  add(event: unknown, listener: unknown, context: unknown, once: boolean): void {
    if (typeof listener !== "function") throw new TypeError("The listener must be a function");
    this.#set(event, [...this.entries(event), { listener: listener as Listener, context, once }]);
  }

  /** Takes a listener away, as often as it is there; without one all of the event's. */
  remove(event: unknown, listener?: unknown, context?: unknown, once?: unknown): void {
    this.#set(event, listener === undefined ? [] : this.entries(event).filter((entry) =>
      entry.listener !== listener || (once === true && !entry.once) || (context !== undefined && entry.context !== context)));
  }

  clear(event: unknown): void {
    if (event !== undefined) return this.#set(event, []);
    this.#entries.clear();
    this.#changed();
  }

  names(): unknown[] {
    return [...this.#entries.keys()];
  }

  entries(event: unknown): readonly Entry[] {
    return this.#entries.get(event) ?? [];
  }

  /** Whether anyone listens. */
  heard(event: string): boolean {
    return this.#entries.has(event);
  }

  /**
   * Calls the listeners of an event; self is their this. failed takes what one
   * throws; without it, it is thrown on, and the listeners after it hear nothing.
   */
  emit(event: unknown, args: readonly unknown[], self: unknown, failed?: (error: unknown) => void): boolean {
    const entries = this.entries(event);
    for (const entry of entries) {
      if (entry.once) this.#set(event, this.entries(event).filter((other) => other !== entry));
      try {
        entry.listener.apply(entry.context ?? self, [...args]);
      } catch (error) {
        if (failed === undefined) throw error;
        failed(error);
      }
    }
    return entries.length > 0;
  }

  /** Calls the listeners in a later turn, once for each of calls. False: nobody listens. */
  tell(event: string, calls: readonly (readonly unknown[])[], self: unknown): boolean {
    if (!this.heard(event)) return false;
    macrotask(() => {
      for (const args of calls) this.emit(event, args, self, report);
    });
    return true;
  }

  #set(event: unknown, entries: readonly Entry[]): void {
    const had = this.#entries.has(event);
    if (entries.length > 0) this.#entries.set(event, entries);
    else this.#entries.delete(event);
    if (had !== entries.length > 0) this.#changed();
  }
}
