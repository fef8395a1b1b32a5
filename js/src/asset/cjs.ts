declare const __filename: string | undefined;

export function assetURL(): string | URL | undefined {
  if (typeof __filename !== "string") return undefined;
  const process = Reflect.get(globalThis, "process") as { getBuiltinModule?: (name: string) => unknown } | undefined;
  const url = process?.getBuiltinModule?.("node:url") as { pathToFileURL(path: string): URL } | undefined;
  return new URL("./parley.wasm", url?.pathToFileURL(__filename).href ?? `file://${__filename}`);
}

export function scriptURL(): string | undefined {
  return undefined;
}
