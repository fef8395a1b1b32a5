import { type Configuration, configure } from "./config.js";
import { dev } from "./dev.js";
import { coreOf } from "./engines.js";
import { diagnose, explain, trace } from "./explain.js";
import { whenReady } from "./loader/load.js";
import { type Progress, progress } from "./loader/progress.js";

/** What belongs to the SDK and to no dialect. types/index.d.ts documents it. */
export const Parley = {
  version: __VERSION__,
  dev,

  get ready(): Promise<void> {
    return whenReady().then(() => undefined);
  },

  load(): Promise<void> {
    return whenReady().then(() => undefined);
  },

  configure(options: Configuration): void {
    configure(options);
  },

  onProgress(listener: (progress: Progress) => void): () => void {
    return progress.on(listener);
  },

  limits(engine: unknown): unknown {
    return coreOf(engine)?.limits();
  },

  explain,
  diagnose,
  trace,

  /** What the SDK holds at this moment; for leak tests. */
  async held(): Promise<Record<string, number>> {
    return (await whenReady()).held();
  },
} as const;
