import { configuration } from "./config.js";

const order = ["debug", "info", "warn", "error", "silent"] as const;

/** Writes to the console what {@link Parley.configure}'s logLevel lets through ("warn" and worse, unless told otherwise). */
export const log = {
  warn(...text: unknown[]): void {
    if (allowed("warn")) console.warn(...text);
  },
  error(...text: unknown[]): void {
    if (allowed("error")) console.error(...text);
  },
};

function allowed(level: (typeof order)[number]): boolean {
  return order.indexOf(level) >= order.indexOf(configuration.logLevel ?? "warn");
}
