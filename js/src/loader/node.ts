/** Loads one of Node's own modules, in a way that bundlers for pages don't follow. */
export async function nodeModule<T>(name: string): Promise<T> {
  const process = Reflect.get(globalThis, "process") as { getBuiltinModule?: (name: string) => unknown } | undefined;
  const builtin = process?.getBuiltinModule?.(name);
  if (builtin !== undefined) return builtin as T;
  return await import(/* webpackIgnore: true */ /* @vite-ignore */ name) as T;
}
