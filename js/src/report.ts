/** Hands an error of the page's own code to the page's error handling. */
export function report(error: unknown): void {
  if (typeof reportError === "function") reportError(error);
  else console.error(error);
}
