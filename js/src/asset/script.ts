/** Where the script came from: known only while its tag runs. */
const source = typeof document === "undefined" ? undefined
  : (document.currentScript as HTMLScriptElement | null)?.src || undefined;

export function assetURL(): string | URL | undefined {
  return source === undefined ? undefined : new URL("./parley.wasm", source);
}

export function scriptURL(): string | undefined {
  return source;
}
