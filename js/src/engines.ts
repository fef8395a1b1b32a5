import type { Instance } from "./bridge/instance.js";

/** What Parley's own functions need of an engine, whatever its dialect. */
export interface EngineCore {
  /** Go's half. Its dialect has the methods explain, diagnose and trace (package explain). */
  readonly go: Instance;
  limits(): unknown;
}

const cores = new WeakSet<object>();

/**
 * Makes a core known. The class that pages see keeps it in a property "_core";
 * it can't be extended, so that a reactive proxy around an engine leads to it.
 */
export function enroll<Core extends EngineCore>(core: Core): Core {
  cores.add(core);
  return Object.preventExtensions(core);
}

/** The insides of an engine of any dialect; undefined for anything else. */
export function coreOf(engine: unknown): EngineCore | undefined {
  const core = typeof engine === "object" && engine !== null ? (engine as { _core?: unknown })._core : undefined;
  return typeof core === "object" && core !== null && cores.has(core) ? core as EngineCore : undefined;
}
