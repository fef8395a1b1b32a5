// on and off before there is any wasm (express.md §4), and what else answers at once.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ParleyError, ZegoExpressEngine } from "../../dist/sdk/index.js";

const turns = () => new Promise((resolve) => setTimeout(resolve, 20));

test("on says whether it took the listener", () => {
  const engine = new ZegoExpressEngine(1, "");
  const f = () => {};
  for (const event of ["roomStateUpdate", "IMRecvBroadcastMessage", "roomStreamUpdate", "publisherStateUpdate", "roomTokenWillExpire", "recvReliableMessage"]) {
    assert.equal(engine.on(event, f), true, event);
  }
  for (const [event, listener] of [["", f], ["nope", f], ["hallStateUpdate", f], ["onRecvRoomMsg", f], [undefined, f], ["toString", f],
    ["roomStateUpdate", undefined], ["roomStateUpdate", "f"], ["roomStateUpdate", {}]]) {
    assert.equal(engine.on(event, listener), false, String(event));
  }
});

test("off is true for every known event", () => {
  const engine = new ZegoExpressEngine(1, "");
  assert.equal(engine.off("roomStateUpdate"), true);
  assert.equal(engine.off("roomStateUpdate", () => {}), true);
  assert.equal(engine.off("nope"), false);
  assert.equal(engine.off("hallStateUpdate", () => {}), false);
});

test("listeners run in order, once each, in macrotasks of their own", async () => {
  const engine = new ZegoExpressEngine(1, "");
  const said = [];
  const twice = () => {
    said.push("a");
    queueMicrotask(() => said.push("microtask of a"));
  };
  engine.on("roomStateChanged", twice);
  engine.on("roomStateChanged", twice);
  engine.on("roomStateChanged", function () { said.push(this === undefined || this === globalThis ? "b" : "b with this"); });
  const gone = () => said.push("gone");
  engine.on("roomStateChanged", gone);
  engine.off("roomStateChanged", gone);
  engine.logoutRoom("x");
  assert.deepEqual(said, [], "nothing is told in the same turn");
  await turns();
  assert.deepEqual(said, ["a", "microtask of a", "b"]);
  engine.off("roomStateChanged");
  engine.logoutRoom("x");
  await turns();
  assert.equal(said.length, 3, "off without a function takes all away");
});

test("a listener that throws costs the others nothing", async () => {
  const engine = new ZegoExpressEngine(1, "");
  const reported = [];
  globalThis.reportError = (error) => reported.push(error.message);
  try {
    const said = [];
    engine.on("roomStateChanged", () => { throw new Error("mine"); });
    engine.on("roomStateChanged", (...args) => said.push(args));
    engine.logoutRoom();
    await turns();
    assert.deepEqual(said, [[undefined, "LOGOUT", 0, "no room login"]]);
    assert.deepEqual(reported, ["mine"]);
  } finally {
    delete globalThis.reportError;
  }
});

test("what answers at once", () => {
  const engine = new ZegoExpressEngine(1, "");
  assert.equal(ZegoExpressEngine.version, "3.12.0");
  assert.equal(ZegoExpressEngine.getVersion, undefined);
  assert.equal(engine.getVersion(), "3.12.0");
  assert.equal(engine.setLogConfig({ logLevel: "loud" }), true);
  assert.throws(() => engine.setLogConfig(), TypeError);
  assert.equal(ZegoExpressEngine.presetLogConfig({}), true);
  assert.equal(engine.setDebugVerbose("x"), undefined);
  for (const [scenario, want] of [[3, true], [9, true], [2, false], [10, false], ["3", false], [undefined, false], [3.5, false]]) {
    assert.equal(engine.setRoomScenario(scenario), want, String(scenario));
  }
  assert.equal(engine.renewToken("t"), false);
  assert.deepEqual(engine.getNetworkTimeInfo(), { timestamp: 0, maxDeviation: 0 });
  assert.equal(ZegoExpressEngine.use({}), undefined);
});

test("enableMultiRoom once, with a boolean", () => {
  const engine = new ZegoExpressEngine(1, "");
  assert.equal(engine.enableMultiRoom("yes"), false);
  assert.equal(engine.enableMultiRoom(true), true);
  assert.equal(engine.enableMultiRoom(true), false);
});

test("the constructor throws for nothing", () => {
  for (const args of [[], ["123", "wss://x"], [0, null], [123, ["wss://a"]], [123, "", { scenario: 99 }]]) {
    assert.ok(new ZegoExpressEngine(...args) instanceof ZegoExpressEngine);
  }
});

test("without a WebSocket a login says so", async () => {
  const socket = globalThis.WebSocket;
  delete globalThis.WebSocket;
  try {
    const engine = new ZegoExpressEngine(1, "ws://127.0.0.1/ws");
    const told = [];
    engine.on("roomStateChanged", (...args) => told.push(args.slice(0, 3)));
    await assert.rejects(engine.loginRoom("r", "t", { userID: "a" }), (error) => {
      assert.equal(error.code, 1101000);
      assert.match(error.msg, /WebSocket/);
      assert.ok(!(error instanceof Error));
      return true;
    });
    await turns();
    assert.deepEqual(told, [["r", "LOGINING", 0], ["r", "LOGIN_FAILED", 1101000]]);
  } finally {
    if (socket) globalThis.WebSocket = socket;
  }
});

test("audio and video refuse politely", async (t) => {
  const engine = new ZegoExpressEngine(1, "");
  const warn = t.mock.method(console, "warn", () => {});
  await assert.rejects(engine.createZegoStream({ camera: {} }), { errorCode: 1001005 });
  await assert.rejects(engine.startPlayingStream("s"), (error) => /messaging only/.test(error.extendedData));
  assert.equal(engine.startPublishingStream("s", {}), false);
  assert.equal(engine.startPublishingStream("s", {}), false);
  assert.equal(engine.stopPlayingStream("s"), undefined);
  assert.equal(warn.mock.callCount(), 2, "one warning for each method");
});

test("checkSystemRequirements is honest", async () => {
  const engine = new ZegoExpressEngine(1, "");
  const all = await engine.checkSystemRequirements();
  assert.equal(all.webRTC, typeof RTCPeerConnection === "function");
  assert.deepEqual(Object.keys(all).sort(), ["camera", "customCapture", "errInfo", "microphone", "screenSharing", "videoCodec", "webRTC"]);
  const one = await engine.checkSystemRequirements("webRTC");
  assert.equal(one.result, all.webRTC);
});

test("ParleyError carries code and fix", () => {
  const error = new ParleyError("CSP", "What.", "Fix.");
  assert.equal(error.message, "What. Fix.");
  assert.equal(error.name, "ParleyError");
});

test("a reactive proxy around an engine works", () => {
  const deep = (target) => new Proxy(target, {
    get(object, key, receiver) {
      const value = Reflect.get(object, key, receiver);
      // What frameworks do: objects become proxies too, unless they can't be extended.
      return typeof value === "object" && value !== null && Object.isExtensible(value) ? deep(value) : value;
    },
  });
  const engine = deep(new ZegoExpressEngine(1, ""));
  assert.equal(engine.on("roomStateChanged", () => {}), true);
  assert.equal(engine.enableMultiRoom(true), true);
  assert.deepEqual(Object.keys(engine), []);
});
