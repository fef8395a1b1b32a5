import { Bridge, type Exports } from "../bridge/bridge.js";
import { followPage } from "../bridge/lifecycle.js";
import { ParleyError } from "../error.js";
import { instantiate } from "./fetch.js";
import { goProgram } from "./go.js";
import { progress } from "./progress.js";

let loading: Promise<Bridge> | undefined;
let loaded: Bridge | undefined;

/** The running program, or undefined while there is none. */
export function running(): Bridge | undefined {
  return loaded;
}

/** Loads the wasm on first use and only once; after a failure the next call tries again. */
export function whenReady(): Promise<Bridge> {
  return loading ??= load().catch((error: unknown) => {
    loading = undefined;
    progress.tell({ loaded: 0, total: 0, stage: "failed" });
    throw error;
  });
}

async function load(): Promise<Bridge> {
  const bridge = new Bridge();
  const go = goProgram();
  const instance = await instantiate({ ...go.importObject, parley: bridge.imports });
  progress.tell({ loaded: 0, total: 0, stage: "start" });
  const exports = instance.exports as unknown as Exports;
  bridge.starting(exports);
  const exit = go.run(instance);
  exit.catch(() => {}); // a program that is not ours may fail at once; ended() tells of ours
  if (bridge.offer?.stamp !== __STAMP__) {
    throw new ParleyError("VERSION", "parley.wasm was not built with this loader.",
      `Take the parley.wasm of parley-sdk ${__VERSION__}; if it is, empty the cache.`);
  }
  const unfollow = followPage(bridge);
  const ended = (cause?: unknown): void => {
    unfollow();
    if (loaded === bridge) loaded = loading = undefined; // the next engine starts a new program
    bridge.ended(new ParleyError("ENDED", "The Go program of the SDK has ended.", "Reload the page and report this with the console's text.", cause));
  };
  exit.then(() => ended(), ended);
  bridge.connect(exports, () => go._resume(), ended);
  loaded = bridge;
  progress.tell({ loaded: 0, total: 0, stage: "ready" });
  return bridge;
}
