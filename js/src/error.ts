/** Why the SDK could not start. */
export type ParleyErrorCode =
  | "CSP" | "MIME" | "NOT_FOUND" | "VERSION" | "NETWORK" | "INTEGRITY" | "UNSUPPORTED" | "NO_SERVER" | "DEV" | "ENDED";

/** A failure of the SDK itself, as {@link Parley.ready} rejects with. */
export class ParleyError extends Error {
  readonly code: ParleyErrorCode;
  /** What to do about it, one sentence. */
  readonly fix: string;

  constructor(code: ParleyErrorCode, what: string, fix: string, cause?: unknown) {
    super(`${what} ${fix}`, cause === undefined ? undefined : { cause });
    this.name = "ParleyError";
    this.code = code;
    this.fix = fix;
  }
}
