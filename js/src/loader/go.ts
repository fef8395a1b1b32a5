import { makeGo } from "virtual:wasm-exec";

/** The part of the toolchain's Go class that is used here. */
export interface GoProgram {
  readonly importObject: Record<string, WebAssembly.ModuleImports>;
  run(instance: WebAssembly.Instance): Promise<void>;
  _resume(): void;
}

/**
 * Makes the toolchain's runtime shim with a globalThis of its own, so that
 * Go, fs, process and path never land on the page and several programs, also of
 * other people, can live side by side.
 */
export function goProgram(): GoProgram {
  // Hidden: the shim makes its own when they are missing, the same everywhere.
  const own: Record<PropertyKey, unknown> = { Go: undefined, fs: undefined, process: undefined, path: undefined };
  const scope: typeof globalThis = new Proxy(globalThis, {
    get(target, name) {
      if (Object.hasOwn(own, name)) return own[name];
      const value: unknown = Reflect.get(target, name, target);
      // A function without a prototype (fetch, setTimeout) wants the real this.
      if (typeof value !== "function" || Object.hasOwn(value, "prototype")) return value;
      return (value as (...args: unknown[]) => unknown).bind(target);
    },
    set(_target, name, value) {
      own[name] = value;
      return true;
    },
    has: (target, name) => Object.hasOwn(own, name) || Reflect.has(target, name),
  });
  const Go = makeGo(scope) as new () => GoProgram;
  return new Go();
}
