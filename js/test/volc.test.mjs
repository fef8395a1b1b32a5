// VERTC on the real wasm under Node, with a server that is a fake WebSocket.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Parley, VERTC } from "../../dist/sdk/index.js";
import { fakeServer, next } from "./fake-server.mjs";
import { fields, frame, kind, message, text } from "./wire.mjs";

const server = fakeServer();
Parley.configure({ server: "ws://server.test" });

const app = "123456781234567812345678";
/** Resolves when the condition is true; looks in every turn of the event loop. */
async function until(condition) {
  for (const end = Date.now() + 10_000; !condition();) {
    assert.ok(Date.now() < end, `never: ${condition}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Resolves when all that the engine was told so far has reached its listeners. */
const heard = (engine) => engine.asyncEmit("heard");
const link = (device) => server.sockets.findLast((socket) => socket.device === device);

/** Which plane a socket belongs to is what its Hello said. */
server.answer = undefined;
server.saw = ({ kind: k, body }, socket) => {
  if (k === kind.hello) socket.device = text(Object.fromEntries(fields(body))[6]);
};

async function loggedIn(engine = VERTC.createEngine(app)) {
  await engine.login("token", "alice");
  return engine;
}

async function joined(engine = VERTC.createEngine(app)) {
  await engine.joinRoom("token", "r1", { userId: "alice" });
  return engine;
}

test("calls before the wasm is there run in order; a rejection is an error of the right shape", async () => {
  const engine = VERTC.createEngine(app);
  const told = [];
  engine.on(VERTC.events.onConnectionStateChanged, ({ state, ...rest }) => told.push(state, ...Object.keys(rest)));
  const login = engine.login("token", "alice");
  const second = engine.login("token", "alice");
  await assert.rejects(second, { code: "LOGIN_FAILED", message: "Is logging in, please try again later." });
  assert.equal(await login, undefined);
  await heard(engine);
  assert.deepEqual(told, [2, 3]);
  await assert.rejects(engine.sendRoomMessage("x"), (error) => {
    assert.ok(error instanceof Error);
    assert.equal(error.name, "Error");
    assert.deepEqual(Object.keys(error), ["message", "code", "error"]);
    assert.equal(error.error, undefined);
    assert.equal(JSON.stringify(error), '{"message":"server not connected","code":"NOT_CONNECTED_YET"}');
    assert.equal(String(error), "SDKError: NOT_CONNECTED_YET server not connected");
    return true;
  });
  assert.equal(await engine.logout(), undefined);
  VERTC.destroyEngine(engine);
});

test("request and response, as the official demos do it", async () => {
  const engine = await loggedIn();
  await engine.setServerParams("signature", "https://business.test/");
  const answers = [];
  const ask = (id) => new Promise((resolve) => {
    const listener = ({ userId, message: answer }) => {
      if (userId !== "server" || JSON.parse(answer).request_id !== id) return;
      engine.removeListener(VERTC.events.onUserMessageReceivedOutsideRoom, listener); // from inside itself
      answers.push(id);
      resolve();
    };
    engine.on(VERTC.events.onUserMessageReceivedOutsideRoom, listener);
    void engine.sendServerMessage(JSON.stringify({ request_id: id }));
  });
  server.seen.length = 0;
  const both = Promise.all([ask("a"), ask("b")]);
  await until(() => server.seen.filter((e) => e.kind === kind.businessQuestion).length === 2);
  const direct = (seq, id) => [0, kind.direct, message([1, seq], [2, "server"], [4, JSON.stringify({ request_id: id, text: "ü 😀" })])];
  link("volc-rts").push(frame(direct(1, "a"), direct(2, "b")));
  await both;
  assert.deepEqual(answers, ["a", "b"]);
  assert.equal(engine.listenerCount(VERTC.events.onUserMessageReceivedOutsideRoom), 0);
  VERTC.destroyEngine(engine);
});

test("messages arrive as one object, bytes as an ArrayBuffer of their own", async () => {
  const engine = await joined(await loggedIn());
  const got = [];
  for (const event of Object.values(VERTC.events)) if (/MessageReceived/.test(event)) engine.on(event, (...args) => got.push([event, ...args]));
  const hard = "\uFEFFzwei ü 😀 \u0000 \u2028";
  const room = (...rest) => [0, kind.roomMessage, message([1, room.seq++], [2, "r1"], [6, "bob"], ...rest)];
  room.seq = 11;
  link("volc-room").push(frame(
    room([9, "one"]), room([9, hard]), room([4, 1], [9, "command"]), room([4, 1], [5, 1], [9, '{"a":1}']),
    room([4, 2], [5, 2], [9, Uint8Array.of(0, 255)]), room([4, 2], [5, 2], [9, Uint8Array.of(1)], [11, 1]),
  ));
  link("volc-rts").push(frame([0, kind.direct, message([1, 1], [2, "server"], [3, 2], [4, Uint8Array.of(7, 8)])]));
  await heard(engine);
  assert.deepEqual(got.map(([event, { userId, message: m }]) => [event, userId, m instanceof ArrayBuffer ? [...new Uint8Array(m)] : m]), [
    ["onRoomMessageReceived", "bob", "one"], ["onRoomMessageReceived", "bob", hard],
    ["onUserMessageReceived", "bob", "command"], ["onUserMessageReceived", "bob", '{"a":1}'],
    ["onRoomBinaryMessageReceived", "bob", [0, 255]], ["onUserBinaryMessageReceived", "bob", [1]],
    ["onUserBinaryMessageReceivedOutsideRoom", "server", [7, 8]],
  ]);
  assert.ok(got.every((call) => call.length === 2 && Object.keys(call[1]).join() === "userId,message"));
  VERTC.destroyEngine(engine);
});

test("sends cross with what they were given", async () => {
  const engine = await joined(await loggedIn());
  server.seen.length = 0;
  const bytes = Uint8Array.of(1, 2, 3).buffer;
  const sent = [
    engine.sendRoomMessage("grüße 😀"), engine.sendRoomBinaryMessage(bytes), engine.sendUserMessage("bob", "to bob"),
    engine.sendUserBinaryMessage("bob", bytes), engine.sendUserMessageOutsideRoom("bob", "out"), engine.sendUserBinaryMessageOutsideRoom("bob", bytes),
  ];
  new Uint8Array(bytes).fill(9); // after the call: not seen
  assert.deepEqual(await Promise.all(sent), sent.map(() => undefined));
  const bodies = server.seen.filter((e) => e.kind === kind.publish || e.kind === kind.sendDirect)
    .map((e) => Object.fromEntries(fields(e.body))).map((m) => m[3] instanceof Uint8Array ? m[3] : m[5]);
  assert.deepEqual(bodies.map((b) => b.length < 4 && b[0] === 1 ? [...b] : text(b)).sort(), [[1, 2, 3], [1, 2, 3], [1, 2, 3], "grüße 😀", "out", "to bob"].sort());
  for (const bad of [new Uint8Array(2), new DataView(bytes), new Blob([]), "text", undefined, null, 5]) {
    await assert.rejects(engine.sendUserBinaryMessage("bob", bad), { code: "INVALID_PARAMS", message: "Invalid message, should be ArrayBuffer" });
  }
  structuredClone(bytes, { transfer: [bytes] });
  await assert.rejects(engine.sendUserBinaryMessage("bob", bytes), { code: "INVALID_PARAMS" });
  VERTC.destroyEngine(engine);
});

test("onServerParamsSetResult: inside the call when it is refused at once, else with the answer", async () => {
  const cold = VERTC.createEngine(app);
  const told = [];
  cold.on(VERTC.events.onServerParamsSetResult, (...args) => told.push(args));
  const tries = [cold.setServerParams("s", "u"), cold.setServerParams("", "u"), cold.setServerParams("s")];
  assert.deepEqual(told, [["NOT_LOGIN"], ["INVALID_PARAMS"], ["INVALID_PARAMS"]]);
  assert.deepEqual((await Promise.allSettled(tries)).map(({ reason }) => reason.code), told.flat());
  await loggedIn(cold); // the same engine, now with the wasm there
  told.length = 0;
  const bad = cold.setServerParams("s", 5);
  assert.deepEqual(told, [["INVALID_PARAMS"]]);
  await assert.rejects(bad, { code: "INVALID_PARAMS" });
  told.length = 0;
  const good = cold.setServerParams("s", "u").then(() => told.push("resolved"));
  assert.deepEqual(told, []);
  await good;
  assert.deepEqual(told, [[], "resolved"]);
  VERTC.destroyEngine(cold);
  told.length = 0;
  await assert.rejects(cold.setServerParams("s", "u"), { code: "NOT_LOGIN" });
  assert.deepEqual(told, [["NOT_LOGIN"]]);
});

test("the emitter's methods", async (t) => {
  const engine = VERTC.createEngine(app);
  const said = [];
  const a = function (...args) { said.push(["a", this === engine, ...args]); };
  assert.equal(engine.on("x", a).once("x", a).addListener("x", a), engine);
  assert.equal(engine.listenerCount("x"), 3);
  assert.deepEqual(engine.listeners("x"), [a, a, a]);
  assert.equal(engine.emit("x", 1, 2), true);
  assert.deepEqual(said, [["a", true, 1, 2], ["a", true, 1, 2], ["a", true, 1, 2]]);
  assert.equal(engine.listenerCount("x"), 2, "once is gone");
  assert.equal(engine.off("x", a), engine);
  assert.equal(engine.listenerCount("x"), 0, "off takes it away as often as it was there");
  assert.equal(engine.emit("x"), false);
  const context = {};
  engine.on("y", function () { said.push(this === context); }, context);
  said.length = 0;
  engine.emit("y");
  assert.deepEqual(said, [true]);
  engine.removeListener("y", () => {}).off("y", () => {});
  const symbol = Symbol("z");
  engine.on(symbol, () => {});
  assert.deepEqual(engine.eventNames(), ["y", symbol]);
  assert.equal(engine.removeAllListeners("y"), engine);
  assert.deepEqual(engine.removeAllListeners().eventNames(), []);
  assert.throws(() => engine.on("x", "no function"), TypeError);

  said.length = 0;
  const later = () => said.push("later");
  const self = () => { said.push("self"); engine.off("x", self); engine.off("x", later); engine.on("x", () => said.push("new")); };
  engine.on("x", self).on("x", later);
  engine.emit("x");
  assert.deepEqual(said, ["self", "later"], "the list of the moment is called to its end");
  said.length = 0;
  engine.emit("x");
  assert.deepEqual(said, ["new"]);

  const reported = [];
  globalThis.reportError = (error) => reported.push(error.message);
  t.after(() => delete globalThis.reportError);
  engine.removeAllListeners().on("x", () => { throw new Error("mine"); }).on("x", (v) => said.push(v));
  said.length = 0;
  assert.throws(() => engine.emit("x", 1), { message: "mine" });
  assert.deepEqual(said, []);
  assert.equal(engine.safeEmit("x", 2), true);
  const async = engine.asyncEmit("x", 3);
  assert.deepEqual(said, [2]);
  assert.equal(await async, undefined);
  assert.deepEqual([said, reported], [[2, 3], ["mine", "mine"]]);
  VERTC.destroyEngine(engine);
});

test("a listener that throws costs the others nothing", async (t) => {
  const reported = [];
  globalThis.reportError = (error) => reported.push(error.message);
  t.after(() => delete globalThis.reportError);
  const engine = VERTC.createEngine(app);
  const said = [];
  engine.on("onConnectionStateChanged", () => { throw new Error("mine"); });
  engine.on("onConnectionStateChanged", ({ state }) => said.push(state));
  await loggedIn(engine);
  await heard(engine);
  assert.deepEqual([said, reported], [[2, 3], ["mine", "mine"]]);
  VERTC.destroyEngine(engine);
});

test("the object, and what it throws", async (t) => {
  assert.equal(VERTC.getSdkVersion(), "4.68.4");
  assert.equal(VERTC.platform, "VolcEngine");
  assert.equal(await VERTC.isSupported(), true);
  const bad = (id, text) => assert.throws(() => VERTC.createEngine(id), (error) => error.code === "INVALID_PARAMS" && error.message.startsWith(text));
  bad(undefined, "appId cannot be empty");
  for (const id of ["", 5, null, {}]) bad(id, "Invalid appId: ");
  for (const engine of [{}, null, undefined]) {
    assert.throws(() => VERTC.destroyEngine(engine), { code: "INVALID_ENGINE", message: "Invalid engine object" });
  }
  const engine = VERTC.createEngine("any text");
  assert.equal(VERTC.destroyEngine(engine), undefined);
  assert.equal(VERTC.destroyEngine(engine), undefined);
  assert.equal(VERTC.getParameter("nothing"), undefined);
  assert.equal(VERTC.setParameter("key", 1), undefined);
  assert.equal(VERTC.getParameter("key"), 1);
  assert.equal(VERTC.setLogConfig({ logLevel: "none" }), undefined);
  assert.deepEqual(await VERTC.enumerateDevices(), []);
  await assert.rejects(VERTC.getElectronScreenSources(), { code: "ERR_ELECTRON_IS_NULL" });
  const warn = t.mock.method(console, "warn", () => {});
  assert.deepEqual(await VERTC.enableDevices(), { video: false, audio: false });
  await assert.rejects(engine.startVideoCapture(), { code: "NOT_SUPPORTED" });
  assert.equal(engine.setLocalVideoPlayer(0), undefined);
  assert.equal(warn.mock.callCount(), 2);
});

test("setBusinessId, only before the join", async () => {
  const engine = VERTC.createEngine(app);
  assert.equal(engine.setBusinessId("id"), true);
  assert.equal(engine.setBusinessId(""), false);
  const join = joined(engine);
  assert.equal(engine.setBusinessId("id"), false);
  await join;
  assert.equal(engine.setBusinessId("id"), false);
  await engine.leaveRoom();
  assert.equal(engine.setBusinessId("id"), true);
  VERTC.destroyEngine(engine);
});

test("a destroyed engine is as one that nobody logged in with", async () => {
  const engine = await joined(await loggedIn());
  engine.destroy();
  await assert.rejects(engine.sendRoomMessage("x"), { code: "NOT_CONNECTED_YET" });
  await assert.rejects(engine.sendUserMessageOutsideRoom("bob", "x"), { code: "NOT_LOGIN" });
  await assert.rejects(engine.sendUserMessageOutsideRoom("b b", "x"), { code: "INVALID_PARAMS" });
  await assert.rejects(engine.logout(), { code: "NOT_LOGIN" });
  await assert.rejects(engine.login("t", "alice"), { code: "LOGIN_FAILED" });
  await assert.rejects(engine.joinRoom("t", "r", { userId: "alice" }), { code: "JOIN_ROOM_FAILED" });
  assert.equal(await engine.leaveRoom(), undefined);
});

test("without a server, or without a WebSocket, logging in says so", async (t) => {
  const engine = VERTC.createEngine(app);
  const socket = globalThis.WebSocket;
  t.after(() => { globalThis.WebSocket = socket; });
  delete globalThis.WebSocket;
  assert.equal(await VERTC.isSupported(), false);
  await assert.rejects(engine.login("t", "alice"), (error) => error.code === "LOGIN_FAILED" && /no WebSocket/.test(error.message) && error.error.code === "UNSUPPORTED");
  await assert.rejects(engine.joinRoom("t", "r", { userId: "a" }), { code: "JOIN_ROOM_FAILED" });
  await assert.rejects(engine.login("", "alice"), { code: "INVALID_PARAMS" });
  VERTC.destroyEngine(engine);
});

test("leaveRoom during a join", async () => {
  const engine = VERTC.createEngine(app);
  const join = joined(engine);
  assert.equal(await engine.leaveRoom(true), undefined);
  await assert.rejects(join, { code: "JOIN_ROOM_FAILED", message: "leave_room" });
  VERTC.destroyEngine(engine);
});

test("limits of an engine", async () => {
  const engine = await joined();
  assert.deepEqual(Parley.limits(engine), { messageBytes: 1024, dataBytes: 4096, rooms: 5, frameBytes: 65536 });
  VERTC.destroyEngine(engine);
});

test("the first message that nobody listens for is told on the console", async (t) => {
  const warn = t.mock.method(console, "warn", () => {});
  const engine = await joined();
  engine.on(VERTC.events.onUserMessageReceived, () => {});
  const room = (seq) => [0, kind.roomMessage, message([1, seq], [2, "r1"], [6, "bob"], [9, "x"])];
  link("volc-room").push(frame(room(11)));
  link("volc-room").push(frame(room(12)));
  await heard(engine);
  assert.deepEqual(warn.mock.calls.map(({ arguments: [line] }) => line), [
    "Parley: a room message arrived, but nothing listens. Add: engine.on(VERTC.events.onRoomMessageReceived, ({ userId, message }) => { … }). " +
      "This engine listens for onUserMessageReceived",
  ]);
  VERTC.destroyEngine(engine);
});

test("Parley.explain knows why a send was refused in the page", async () => {
  const engine = VERTC.createEngine(app);
  await assert.rejects(Parley.explain(engine, { last: true }), { code: "NOTHING_SENT" });
  await assert.rejects(engine.sendRoomMessage("x"));
  const { verdict, reason, fix } = await Parley.explain(engine, { last: true, userID: "bob" });
  assert.deepEqual([verdict, reason, fix], ["send_refused", "The engine was in no room.", "Wait for the promise of joinRoom before sending."]);
  await assert.rejects(Parley.diagnose(engine, { roomID: "r1", userID: "bob" }), { code: "NOT_LOGGED_IN" });
  Parley.trace(engine, true);
  VERTC.destroyEngine(engine);
});

test("100 engines leave nothing behind", async () => {
  for (let i = 0; i < 100; i++) {
    const engine = VERTC.createEngine(app);
    const open = [engine.login("t", `u${i}`), engine.joinRoom("t", "r", { userId: `u${i}` })];
    if (i % 3 === 0) void Promise.allSettled(open); // destroyed while it logs in
    else await Promise.all(open);
    if (i % 2 === 0) void engine.sendRoomMessage("x").catch(() => {});
    VERTC.destroyEngine(engine);
    if (i % 5 === 0) void engine.sendRoomMessage("x").catch(() => {});
  }
  let held = {};
  await until(() => {
    void Parley.held().then((now) => { held = now; });
    return server.open() === 0 && Object.values(held).join() === "0,0,0,0,0,0";
  });
});

test("a reactive proxy around an engine works", async () => {
  const deep = (target) => new Proxy(target, {
    get(object, key, receiver) {
      const value = Reflect.get(object, key, receiver);
      return typeof value === "object" && value !== null && Object.isExtensible(value) ? deep(value) : value;
    },
  });
  const engine = deep(VERTC.createEngine(app));
  await loggedIn(engine);
  const state = next(engine, "onError");
  link("volc-rts").push(frame([0, kind.removed, message([2, 17])]));
  assert.deepEqual(await state, [{ errorCode: "RTM_DUPLICATE_LOGIN" }]);
  assert.deepEqual(Object.keys(engine), []);
  VERTC.destroyEngine(engine);
});
