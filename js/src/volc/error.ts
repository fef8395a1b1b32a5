/**
 * What calls reject with and VERTC throws (volc.md §1.3). Apps read code,
 * message, the text of toString(), and the message of error.
 */
export class SDKError extends Error {
  readonly code: string;
  /** The cause, when it is a failure of the SDK itself. */
  readonly error: unknown;

  constructor(code: string, message: string, error?: unknown) {
    super(message);
    // Enumerable, unlike an Error's own.
    Object.defineProperty(this, "message", { value: message, enumerable: true, writable: true, configurable: true });
    this.code = code;
    this.error = error;
  }

  override toString(): string {
    return `SDKError: ${this.code} ${this.message}`;
  }
}
