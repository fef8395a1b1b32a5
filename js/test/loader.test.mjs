// Why the wasm could not be loaded, told apart (each rejection has code and fix).

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { afterEach, test } from "node:test";
import { Parley, ZegoExpressEngine } from "../../dist/sdk/index.js";

const wasm = await readFile(new URL("../../dist/sdk/parley.wasm", import.meta.url));
const real = { fetch: globalThis.fetch, streaming: WebAssembly.instantiateStreaming };

Parley.configure({ wasmURL: "http://files.test/parley.wasm", server: "ws://server.test" });

afterEach(() => {
  globalThis.fetch = real.fetch;
  WebAssembly.instantiateStreaming = real.streaming;
});

/** Answers all fetches with body and type. */
function serve(body, type, status = 200) {
  globalThis.fetch = async () => new Response(body, { status, headers: type ? { "Content-Type": type } : {} });
}

async function fails(code, fix) {
  await assert.rejects(Parley.ready, (error) => {
    assert.equal(error.name, "ParleyError");
    assert.equal(error.code, code, error.message);
    assert.match(error.fix, fix);
    assert.match(error.message, /parley\.wasm|WebAssembly/);
    return true;
  });
}

test("404", async () => {
  serve("not found", "text/plain", 404);
  await fails("NOT_FOUND", /wasmURL/);
});

test("another status", async () => {
  serve("oops", "text/plain", 503);
  await fails("NETWORK", /log/);
});

test("a page instead of the wasm", async () => {
  serve("<!doctype html><title>app</title>", "text/html");
  await fails("MIME", /application\/wasm/);
});

test("a page that says it is wasm", async () => {
  serve("<!doctype html><title>app</title>", "application/wasm");
  await fails("MIME", /application\/wasm/);
});

test("a page without a type", async () => {
  serve("<!doctype html>", "application/octet-stream");
  await fails("MIME", /application\/wasm/);
});

test("no network, after trying again", async () => {
  let attempts = 0;
  globalThis.fetch = async () => { attempts++; throw new TypeError("fetch failed"); };
  await fails("NETWORK", /CORS/);
  assert.equal(attempts, 3);
});

test("broken off", async () => {
  const half = new ReadableStream({ start(c) { c.enqueue(wasm.subarray(0, 5000)); setTimeout(() => c.error(new TypeError("network error")), 5); } });
  serve(half, "application/wasm");
  await fails("NETWORK", /again/);
});

test("content security policy", async () => {
  serve(wasm, "application/wasm");
  WebAssembly.instantiateStreaming = async () => {
    throw new WebAssembly.CompileError("Refused to compile or instantiate WebAssembly module because 'unsafe-eval' is not an allowed source of script");
  };
  await fails("CSP", /wasm-unsafe-eval/);
});

test("another build: other imports", async () => {
  // (module (import "other" "f" (func)))
  serve(Uint8Array.from([0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 2, 11, 1, 5, 111, 116, 104, 101, 114, 1, 102, 0, 0]), "application/wasm");
  await fails("VERSION", /version/);
});

test("another build: other stamp", async () => {
  const text = new TextDecoder().decode(await readFile(new URL("../../dist/sdk/index.js", import.meta.url)));
  const stamp = /stamp!=="([0-9a-f]{16})"/.exec(text)?.[1];
  assert.ok(stamp, "the loader compares a stamp");
  const other = Buffer.from(wasm);
  const at = other.indexOf(stamp);
  assert.ok(at > 0, "the wasm carries the stamp");
  other.write("0".repeat(16), at, "latin1");
  serve(other, "application/wasm");
  await fails("VERSION", /version|parley-sdk/);
});

test("integrity", async () => {
  Parley.configure({ integrity: "sha384-AAAA" });
  globalThis.fetch = async (url, init) => {
    if (init?.integrity) throw new TypeError("Failed to fetch");
    return new Response(wasm);
  };
  await fails("INTEGRITY", /integrity\.json/);
  Parley.configure({ integrity: "" });
});

test("a login fails with what the loader says, and the next one tries again", async () => {
  globalThis.WebSocket ??= class { static OPEN = 1; };
  serve("not found", "text/plain", 404);
  const engine = new ZegoExpressEngine(1, "");
  const told = [];
  engine.on("roomStateChanged", (room, reason, code) => told.push([room, reason, code]));
  await assert.rejects(engine.loginRoom("r", "t", { userID: "a" }), (error) => error.code === 1101000 && /wasmURL/.test(error.msg));
  await assert.rejects(engine.sendBroadcastMessage("r", "x"), (error) => error.errorCode === 1100999 && /wasmURL/.test(error.extendedData));
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(told, [["r", "LOGINING", 0], ["r", "LOGIN_FAILED", 1101000]]);
  serve(wasm, "");
  await assert.rejects(engine.sendBroadcastMessage("r", "x"), { errorCode: 1000002 });
});
