/** How far loading is. total is 0 when the server does not say. */
export interface Progress {
  readonly loaded: number;
  readonly total: number;
  readonly stage: "download" | "start" | "ready" | "failed";
}

/** Tells listeners of {@link Parley.onProgress}. */
class ProgressTeller {
  readonly #listeners = new Set<(progress: Progress) => void>();

  get watched(): boolean {
    return this.#listeners.size > 0;
  }

  on(listener: (progress: Progress) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  tell(progress: Progress): void {
    for (const listener of this.#listeners) {
      try {
        listener(progress);
      } catch (error) {
        console.error(error);
      }
    }
  }
}

export const progress = new ProgressTeller();
