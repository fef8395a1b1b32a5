/** What {@link Parley.configure} takes. */
export interface Configuration {
  server?: string | undefined;
  wasmURL?: string | URL | undefined;
  integrity?: string | undefined;
  logLevel?: "debug" | "info" | "warn" | "error" | "silent" | undefined;
}

export const configuration: Configuration = {};

export function configure(given: Configuration): void {
  for (const name of ["server", "wasmURL", "integrity", "logLevel"] as const) {
    if (given[name] !== undefined) Object.assign(configuration, { [name]: given[name] });
  }
}
