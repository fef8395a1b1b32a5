// The way of a download that goes well.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Parley } from "../../dist/sdk/index.js";

test("progress is told while the wasm is loaded", async () => {
  const wasm = await readFile(new URL("../../dist/sdk/parley.wasm", import.meta.url));
  globalThis.fetch = async () => new Response(wasm, { headers: { "Content-Type": "application/wasm", "Content-Length": String(wasm.length) } });
  Parley.configure({ wasmURL: "http://files.test/parley.wasm" });
  const told = [];
  const end = Parley.onProgress((progress) => told.push(progress));
  Parley.onProgress(() => { throw new Error("mine"); })();
  await Promise.all([Parley.ready, Parley.load(), Parley.ready]);
  end();
  const download = told.filter(({ stage }) => stage === "download");
  assert.equal(download.at(-1).loaded, wasm.length);
  assert.equal(download.at(-1).total, wasm.length);
  assert.deepEqual(told.slice(-2).map(({ stage }) => stage), ["start", "ready"]);
});
