export function assetURL(): string | URL | undefined {
  // This literal is what bundlers look for.
  return new URL("./parley.wasm", import.meta.url);
}

export function scriptURL(): string | undefined {
  return import.meta.url;
}
