// Importing the package touches nothing, wherever it is imported.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { test } from "node:test";
import { Worker } from "node:worker_threads";

const sdk = new URL("../../dist/sdk/", import.meta.url);
const enumerations = [...(await readFile(new URL("volc.d.ts", sdk), "utf8")).matchAll(/^export declare enum (\w+)/gm)].map(([, name]) => name);
const entries = {
  index: ["Parley", "ParleyError", "VERTC", "WebRTCUtil", "ZegoExpressEngine"],
  express: ["WebRTCUtil", "ZegoExpressEngine"],
  volc: [...enumerations, "default"].sort(),
};
/** What a module is in CommonJS, where it is more than what is exported. */
const merged = { volc: Object.keys((await import(new URL("index.js", sdk))).VERTC) };

/** What a script sees before and after it imports; run in a fresh process. */
const probe = (load) => `
  const trap = (name) => Object.defineProperty(globalThis, name, { configurable: true, get() { throw new Error("touched " + name); } });
  for (const name of ["WebSocket", "fetch", "document", "window", "navigator", "localStorage"]) trap(name);
  const wasm = WebAssembly.instantiate;
  WebAssembly.instantiate = () => { throw new Error("touched WebAssembly"); };
  const before = Object.getOwnPropertyNames(globalThis).sort().join();
  ${load}
  const after = Object.getOwnPropertyNames(globalThis).sort().join();
  if (before !== after) throw new Error("globals changed: " + after);
  const handles = process.getActiveResourcesInfo().filter((name) => !/Pipe|TTY|FSReq|CloseReq/.test(name));
  if (handles.length > 0) throw new Error("left behind: " + handles);
  console.log(JSON.stringify(Object.keys(loaded).sort()));
`;

for (const [entry, names] of Object.entries(entries)) {
  test(`import of ${entry} is pure`, () => {
    const code = probe(`const loaded = await import(${JSON.stringify(new URL(`${entry}.js`, sdk).href)});`);
    assert.deepEqual(JSON.parse(execFileSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" })), names);
  });

  test(`require of ${entry} is pure`, () => {
    const path = createRequire(import.meta.url).resolve(`../../dist/sdk/${entry}.cjs`);
    const code = probe(`const loaded = require(${JSON.stringify(path)});`);
    const loaded = JSON.parse(execFileSync(process.execPath, ["-e", code], { encoding: "utf8" }));
    assert.deepEqual(loaded, [...names, ...merged[entry] ?? []].sort());
  });
}

test("import in a worker", async () => {
  const code = `
    const { parentPort } = require("node:worker_threads");
    import(${JSON.stringify(new URL("express.js", sdk).href)}).then(
      ({ ZegoExpressEngine }) => parentPort.postMessage(new ZegoExpressEngine(1, "").getVersion()),
      (error) => parentPort.postMessage(String(error)));`;
  const worker = new Worker(code, { eval: true });
  const answer = await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
  assert.equal(answer, "3.12.0");
  await worker.terminate();
});

test("an engine that is never used keeps no process alive", () => {
  const code = `
    globalThis.WebSocket = class { static OPEN = 1; };
    const { Parley, ZegoExpressEngine } = await import(${JSON.stringify(new URL("index.js", sdk).href)});
    const engine = new ZegoExpressEngine(1, "");
    engine.on("roomStateChanged", () => console.log("told"));
    await Parley.ready;
    engine.logoutRoom("r");
  `;
  const out = execFileSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8", timeout: 20_000 });
  assert.equal(out, "told\n", "an event that is under way is told before the process ends");
});

test("entries share one class", async () => {
  const index = await import(new URL("index.js", sdk));
  const express = await import(new URL("express.js", sdk));
  assert.equal(index.ZegoExpressEngine, express.ZegoExpressEngine);
  const require = createRequire(import.meta.url);
  assert.equal(require("../../dist/sdk/index.cjs").ZegoExpressEngine, require("../../dist/sdk/express.cjs").ZegoExpressEngine);
  assert.equal(index.VERTC, (await import(new URL("volc.js", sdk))).default);
  const { VERTC } = require("../../dist/sdk/index.cjs"), volc = require("../../dist/sdk/volc.cjs");
  assert.equal(VERTC.createEngine, volc.createEngine);
  assert.equal(volc.default, volc);
});
