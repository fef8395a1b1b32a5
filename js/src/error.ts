/** Why the SDK could not start, or could not answer. */
export type ParleyErrorCode =
  | "CSP" | "MIME" | "NOT_FOUND" | "VERSION" | "NETWORK" | "INTEGRITY" | "UNSUPPORTED" | "NO_SERVER" | "DEV" | "ENDED"
  | "NOT_AN_ENGINE" | "INVALID" | "NOTHING_SENT" | "NOT_LOGGED_IN" | "FORBIDDEN" | "NOT_JOINED" | "RATE_LIMITED" | "OVERLOADED"
  | "QUEUE_FULL" | "TIMEOUT" | "DISCONNECTED" | "CLOSED" | "RECONNECT_TIMEOUT" | "INTERNAL";

/** A failure of the SDK itself, as {@link Parley.ready} and {@link Parley.explain} reject with. */
export class ParleyError extends Error {
  readonly code: ParleyErrorCode;
  /** What to do about it, one sentence. */
  readonly fix: string;

  constructor(code: ParleyErrorCode, what: string, fix: string, cause?: unknown) {
    super(fix === "" ? what : `${what} ${fix}`, cause === undefined ? undefined : { cause });
    this.name = "ParleyError";
    this.code = code;
    this.fix = fix;
  }
}
