// What the build (js/cmd/build) adds to the sources.

declare module "virtual:wasm-exec" {
  /** The toolchain's wasm_exec.js as a function of globalThis; returns its Go class. */
  export function makeGo(scope: typeof globalThis): unknown;
}

declare module "virtual:asset" {
  /** Where parley.wasm is by default; undefined when this format cannot know. */
  export function assetURL(): string | URL | undefined;
  /** Where this script came from, when it is known. */
  export function scriptURL(): string | undefined;
}

/** Stamp of the Go side that belongs to this loader. */
declare const __STAMP__: string;
/** Version of the package. */
declare const __VERSION__: string;
