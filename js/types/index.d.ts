import type { ZegoExpressEngine } from "./express.js";

export * from "./express.js";

/** Why the SDK itself failed. */
export type ParleyErrorCode =
  /** The page's content security policy forbids WebAssembly or the fetch. */
  | "CSP"
  /** The server answers something else, mostly a page, in place of parley.wasm. */
  | "MIME"
  /** parley.wasm is not there. */
  | "NOT_FOUND"
  /** Loader and parley.wasm are of different builds. */
  | "VERSION"
  /** parley.wasm could not be fetched. */
  | "NETWORK"
  /** parley.wasm is not the file that `integrity` belongs to. */
  | "INTEGRITY"
  /** The environment has no WebAssembly, or no WebSocket. */
  | "UNSUPPORTED"
  /** No server is known. */
  | "NO_SERVER"
  /** The dev server refused. */
  | "DEV"
  /** The program behind the SDK has ended. */
  | "ENDED";

/** A failure of the SDK itself: what {@link Parley.ready} rejects with. */
export class ParleyError extends Error {
  constructor(code: ParleyErrorCode, what: string, fix: string, cause?: unknown);
  readonly code: ParleyErrorCode;
  /** What to do about it, in one sentence. */
  readonly fix: string;
}

/** Settings of the SDK. What is left out stays as it is. */
export interface ParleyConfiguration {
  /** The server: `wss://host/ws`; a bare host gets `/ws`. Wins over everything else that names one. */
  server?: string | undefined;
  /** Where parley.wasm is, when it does not lie beside the script. */
  wasmURL?: string | URL | undefined;
  /** Subresource integrity of parley.wasm: `sha384-…` as in integrity.json. */
  integrity?: string | undefined;
  logLevel?: "debug" | "info" | "warn" | "error" | "silent" | undefined;
}

/** How far loading is. */
export interface ParleyProgress {
  /** Bytes so far. */
  readonly loaded: number;
  /** Bytes in all; 0 when it is not known, as for a compressed transfer. */
  readonly total: number;
  readonly stage: "download" | "start" | "ready" | "failed";
}

/** The app's limits. */
export interface ParleyLimits {
  /** Of a text message, in bytes of UTF-8. */
  readonly messageBytes: number;
  /** Of a message of bytes. */
  readonly dataBytes: number;
  /** At once. */
  readonly rooms: number;
  readonly frameBytes: number;
}

/** What the dev server gives for a login. */
export interface ParleyCredentials {
  readonly server: string;
  readonly app: string;
  readonly user: string;
  readonly dialect: string;
  readonly appID: number;
  readonly token: string;
  readonly serverSecret: string;
  readonly callbackSecret: string;
  /** Unix seconds. */
  readonly expires: number;
}

/** A fault for the dev server to cause. */
export interface ParleyFault {
  fault: "cut" | "restore" | "delay" | "drop" | "expire" | "kick" | "refuse" | "restart" | "clear";
  app?: string;
  user?: string;
  room?: string;
  seconds?: number;
  ms?: number;
  percent?: number;
  reason?: string;
  code?: string;
}

/** Calls to a server that was started with `parley dev`; they reject with a {@link ParleyError}. */
export interface ParleyDev {
  credentials(options: { user: string; dialect?: "express"; room?: string; ttl?: number; app?: "demo" | "other" }): Promise<ParleyCredentials>;
  fault(fault: ParleyFault): Promise<{ affected: number }>;
  faults(): Promise<{ faults: readonly Record<string, unknown>[] }>;
}

/** What belongs to the SDK and to no dialect. */
export declare const Parley: {
  readonly version: string;
  /** Resolves when the wasm runs; reading it starts the loading. Rejects with a {@link ParleyError}; the next reading tries again. */
  readonly ready: Promise<void>;
  readonly dev: ParleyDev;
  /** The same as reading {@link ready}. */
  load(): Promise<void>;
  configure(options: ParleyConfiguration): void;
  /** Calls `listener` while the wasm is loaded; returns the function that ends it. */
  onProgress(listener: (progress: ParleyProgress) => void): () => void;
  /** The app's limits, `undefined` before the first login. */
  limits(engine: ZegoExpressEngine): ParleyLimits | undefined;
  /** What the SDK holds at this moment: a leak test compares it before and after. */
  held(): Promise<Readonly<Record<"instances" | "sockets" | "timers" | "goSockets" | "goTimers" | "calls", number>>>;
};
