/** setTimeout's longest delay: a longer one would fire at once. */
const longest = 2 ** 31 - 1;

/**
 * The page's time for Go. It never goes back, and it has the time that the
 * machine slept in it, which performance.now() may leave out.
 */
export class Clock {
  readonly #timers = new Map<number, ReturnType<typeof setTimeout>>();
  readonly #fire: (id: number) => void;
  #shift = Date.now() - performance.now();

  constructor(fire: (id: number) => void) {
    this.#fire = fire;
  }

  /** Timers that are set, for tests. */
  get size(): number {
    return this.#timers.size;
  }

  now(): number {
    const steady = performance.now();
    const behind = Date.now() - (steady + this.#shift);
    if (behind > 1000) this.#shift += behind;
    return steady + this.#shift;
  }

  set(id: number, ms: number): void {
    const end = performance.now() + ms;
    const arm = (left: number): void => {
      this.#timers.set(id, setTimeout(() => {
        const rest = end - performance.now();
        if (left > longest && rest > 0) return arm(rest);
        this.#timers.delete(id);
        this.#fire(id);
      }, Math.min(left, longest)));
    };
    arm(ms);
  }

  clear(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
