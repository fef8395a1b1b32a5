// The real wasm under Node, with a server that is a fake WebSocket.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Parley, ZegoExpressEngine } from "../../dist/sdk/index.js";
import { fakeServer, next } from "./fake-server.mjs";
import { fields, frame, kind, message, text } from "./wire.mjs";

const server = fakeServer();
Parley.configure({ server: "ws://server.test" });

const turns = () => new Promise((resolve) => setTimeout(resolve, 20));

/** A push of room messages: objects with the schema's names. */
function push(...messages) {
  server.last().push(frame(...messages.map((m) => [0, kind.roomMessage, message(
    [1, m.seq ?? 0], [2, m.room ?? "r1"], [3, m.class ?? 0], [4, m.kind ?? 0], [5, m.format ?? 0], [6, m.from ?? "bob"],
    ...(m.name ? [[7, m.name]] : []), [8, m.time ?? 1_700_000_000_000], [9, m.body ?? ""], ...(m.id ? [[10, m.id]] : []),
  )])));
}

async function loggedIn(room = "r1") {
  const engine = new ZegoExpressEngine(1_000_000_001, "wss://webliveroom1-api.zego.im/ws");
  assert.equal(await engine.loginRoom(room, "token", { userID: "alice", userName: "Alice" }), true);
  return engine;
}

test("calls made before the wasm is there run in order", async () => {
  const engine = new ZegoExpressEngine(1_000_000_001, "");
  const order = [];
  engine.on("roomStateUpdate", (room, state) => order.push(state));
  engine.on("roomStateChanged", (room, reason) => order.push(reason));
  engine.on("roomOnlineUserCountUpdate", (room, count) => order.push(count));
  const user = { userID: "alice", userName: "Alice" };
  const login = engine.loginRoom("r1", "token", user).then((answer) => order.push(`resolved ${answer}`));
  user.userID = "changed later";
  assert.throws(() => engine.logoutRoom("other"), (error) => error.code === 1002002 && !(error instanceof Error));
  await assert.rejects(engine.sendBroadcastMessage("r1", "x"), { errorCode: 1000002 });
  assert.equal(engine.enableMultiRoom(true), false, "a login was called already");
  await login;
  await turns();
  assert.deepEqual(order, ["CONNECTING", "LOGINING", "resolved true", 2, "CONNECTED", "LOGINED"]);
  assert.equal(engine.setRoomScenario(3), false, "a room is logged in to");
  engine.destroyEngine();
});

test("the first frame says who, and for what", async () => {
  server.seen.length = 0;
  const engine = new ZegoExpressEngine(1_000_000_001, "wss://webliveroom1-api.zego.im/ws");
  engine.on("IMRecvBroadcastMessage", () => {});
  await engine.loginRoom("r1", "token", { userID: "alice", userName: "Alice" }, { userUpdate: true, maxMemberCount: 3 });
  assert.equal(server.last().url, "ws://server.test/ws", "the vendor's address does not win");
  assert.equal(server.last().protocol, "parley.v1");
  const hello = Object.fromEntries(fields(server.seen.find((e) => e.kind === kind.hello).body));
  assert.equal(hello[1], 1);
  assert.equal(text(hello[2]), "1000000001");
  assert.equal(text(hello[3]), "alice");
  assert.equal(text(hello[4]), "Alice");
  assert.equal(text(hello[5]), "token");
  assert.equal(text(hello[6]), "express");
  assert.equal(text(hello[8]), `parley-sdk/${Parley.version}`);
  const listeners = fields(hello[9]).map(([, listener]) => Object.fromEntries(fields(listener)));
  assert.deepEqual(listeners.map((l) => [l[1], text(l[2]), l[4] ?? 0]), [
    [1, "IMRecvBroadcastMessage", 1], [2, "IMRecvBarrageMessage", 0], [4, "IMRecvCustomCommand", 0], [24, "recvRoomTransparentMessage", 0],
  ]);
  const join = Object.fromEntries(fields(server.seen.find((e) => e.kind === kind.join).body));
  assert.equal(text(join[1]), "r1");
  assert.equal(join[3], 1);
  assert.equal(join[4], 3);
  assert.deepEqual(Parley.limits(engine), { messageBytes: 1024, dataBytes: 4096, rooms: 5, frameBytes: 65536 });
  const time = engine.getNetworkTimeInfo();
  assert.ok(Math.abs(time.timestamp - Date.now()) < 2000, `network time ${time.timestamp}`);
  engine.destroyEngine();
});

test("messages arrive as the class promises", async () => {
  const engine = await loggedIn();
  const hard = "\uFEFFzwei ü 😀 \u0000 \u2028";
  const broadcast = next(engine, "IMRecvBroadcastMessage");
  const barrage = next(engine, "IMRecvBarrageMessage");
  const commands = [];
  engine.on("IMRecvCustomCommand", (...args) => commands.push(args));
  const transparent = next(engine, "recvRoomTransparentMessage");
  push(
    { seq: 11, body: "one", name: "Bob" }, { seq: 12, body: hard, name: "Bob" }, { seq: 13, from: "carol", body: "drei" },
    { class: 1, id: "1_2_3", body: "barrage" },
    { seq: 14, kind: 1, body: "{}" }, { seq: 15, kind: 1, format: 1, body: '{"a":[1]}' },
    { seq: 16, kind: 2, format: 2, body: Uint8Array.of(0, 1, 255) },
    { seq: 17, from: "alice", body: "own" },
  );
  assert.deepEqual(await broadcast, ["r1", [
    { fromUser: { userID: "bob", userName: "Bob" }, message: "one", sendTime: 1_700_000_000_000, messageID: 11 },
    { fromUser: { userID: "bob", userName: "Bob" }, message: hard, sendTime: 1_700_000_000_000, messageID: 12 },
    { fromUser: { userID: "carol", userName: "carol" }, message: "drei", sendTime: 1_700_000_000_000, messageID: 13 },
  ]]);
  assert.deepEqual(await barrage, ["r1", [
    { fromUser: { userID: "bob", userName: "bob" }, message: "barrage", sendTime: 1_700_000_000_000, messageID: "1_2_3" },
  ]]);
  assert.deepEqual(await transparent, ["r1", { sendUser: { userID: "bob", userName: "bob" }, content: Uint8Array.of(0, 1, 255) }]);
  const bob = { userID: "bob", userName: "bob" };
  assert.deepEqual(commands, [["r1", bob, "{}"], ["r1", bob, { a: [1] }]]);
  engine.destroyEngine();
});

test("frames larger than the buffer, and many of them", async () => {
  const engine = await loggedIn();
  const got = [];
  engine.on("IMRecvBroadcastMessage", (room, list) => got.push(...list));
  const body = "x".repeat(900) + "ü";
  let seq = 20;
  for (let i = 0; i < 40; i++) push(...Array.from({ length: 100 }, () => ({ seq: seq++, body })));
  await turns();
  while (got.length < 4000) await turns();
  assert.equal(got.length, 4000);
  assert.ok(got.every((m, i) => m.messageID === 20 + i && m.message === body));
  engine.destroyEngine();
});

test("sends cross with what they were given", async () => {
  const engine = await loggedIn();
  server.seen.length = 0;
  const answer = await engine.sendBroadcastMessage("r1", "grüße 😀");
  assert.deepEqual(answer, { errorCode: 0, messageID: 11, extendedData: undefined });
  assert.ok("extendedData" in answer);
  assert.deepEqual(await engine.sendBarrageMessage("r1", "b"), { errorCode: 0, messageID: "1_2_3", extendedData: undefined });
  assert.deepEqual(await engine.sendCustomCommand("r1", { toJSON: () => ({ deep: [1, { two: null }] }) }, ["bob", "carol"]), { errorCode: 0 });
  const content = Uint8Array.of(1, 2, 3);
  const sent = engine.sendTransparentMessage("r1", { sendMode: 0, sendType: 0, content, recvUserList: [{ userID: "bob" }] });
  content.fill(9); // after the call: not seen
  assert.deepEqual(await sent, { errorCode: 0, extendedData: "" });
  const published = server.seen.filter((e) => e.kind === kind.publish).map((e) => fields(e.body));
  const of = (i, number) => published[i].filter(([n]) => n === number).map(([, value]) => value);
  assert.equal(text(of(0, 5)[0]), "grüße 😀");
  assert.equal(of(1, 2)[0], 1);
  assert.equal(text(of(2, 5)[0]), '{"deep":[1,{"two":null}]}');
  assert.deepEqual(of(2, 6).map(text), ["bob", "carol"]);
  assert.deepEqual([...of(3, 5)[0]], [1, 2, 3]);
  const cyclic = {};
  cyclic.self = cyclic;
  await assert.rejects(engine.sendCustomCommand("r1", cyclic, []), { errorCode: 1100001 });
  await assert.rejects(engine.sendCustomCommand("r1", () => {}, []), { errorCode: 1009001 });
  engine.destroyEngine();
});

test("both shapes of a rejection", async () => {
  const engine = new ZegoExpressEngine(1, "");
  server.answer = ({ id, kind: k }) => (k === kind.join ? frame([id, kind.refusal, message([1, 7], [2, "no"])]) : undefined);
  try {
    await assert.rejects(engine.loginRoom("r1", "t", { userID: "a" }), (error) => {
      assert.deepEqual(error, { code: 1102016, msg: "liveroom error" });
      return true;
    });
  } finally {
    server.answer = undefined;
  }
  await assert.rejects(engine.sendBarrageMessage("r1", "x"), (error) => {
    assert.deepEqual(error, { errorCode: 1000002 });
    return true;
  });
  engine.destroyEngine();
});

test("switchRoom, renewToken, logout", async () => {
  const engine = await loggedIn();
  assert.equal(engine.renewToken("fresh"), true);
  assert.equal(await engine.switchRoom("r1", "r2", { token: "t2" }), true);
  assert.throws(() => engine.logoutRoom("r1"), { code: 1002002 });
  const left = next(engine, "roomStateChanged", (room, reason) => reason === "LOGOUT");
  engine.logoutRoom();
  assert.deepEqual(await left, ["r2", "LOGOUT", 0, ""]);
  await assert.rejects(engine.sendBroadcastMessage("r2", "x"), { errorCode: 1009005 });
  engine.destroyEngine();
  await assert.rejects(engine.sendBroadcastMessage("r2", "x"), { errorCode: 1000002 });
  assert.equal(engine.on("roomStateUpdate", () => {}), true);
  engine.logoutRoom();
  engine.destroyEngine();
});

test("a malformed server address ends a login, not the page", async () => {
  Parley.configure({ server: "ws://malformed/ws" });
  try {
    const engine = new ZegoExpressEngine(1, "");
    engine.setEngineConfig("room_retry_time=1");
    await assert.rejects(engine.loginRoom("r", "t", { userID: "a" }), { code: 1002053 });
    engine.destroyEngine();
  } finally {
    Parley.configure({ server: "ws://server.test" });
  }
});

test("200 engines leave nothing behind", async () => {
  await turns();
  const before = await Parley.held();
  for (let i = 0; i < 200; i++) {
    const engine = new ZegoExpressEngine(1_000_000_001, "");
    engine.on("roomStateChanged", () => {});
    const login = engine.loginRoom(`r${i}`, "token", { userID: `u${i}` });
    if (i % 3 === 0) login.catch(() => {}); // destroyed while it logs in
    else await login;
    if (i % 2 === 0) void engine.sendBarrageMessage(`r${i}`, "x").catch(() => {});
    engine.destroyEngine();
  }
  await turns();
  await turns();
  assert.deepEqual(await Parley.held(), before);
  assert.deepEqual(before, { instances: 0, goSockets: 0, goTimers: 0, sockets: 0, timers: 0, calls: 0 });
  assert.equal(server.open(), 0);
});

test("StrictMode: made, destroyed, made again in one turn", async () => {
  const first = new ZegoExpressEngine(1, "");
  const gone = first.loginRoom("r1", "t", { userID: "alice" });
  gone.catch(() => {});
  first.destroyEngine();
  const second = new ZegoExpressEngine(1, "");
  assert.equal(await second.loginRoom("r1", "t", { userID: "alice" }), true);
  await assert.rejects(gone);
  second.destroyEngine();
});

test("a promise settles in order with the events around it", async () => {
  const engine = await loggedIn();
  const order = [];
  for (let i = 0; i < 3; i++) engine.on("roomStateChanged", (room, reason) => order.push(`${room} ${reason}`));
  const before = globalThis.setImmediate;
  // The server answers before the first of the events has had its turn.
  const socket = server.last();
  server.answer = undefined;
  const send = socket.send.bind(socket);
  socket.send = (data) => {
    globalThis.setImmediate = (f) => { queueMicrotask(f); };
    try {
      send(data);
    } finally {
      globalThis.setImmediate = before;
    }
  };
  await engine.switchRoom("r1", "r2", { token: "t" }).then(() => order.push("promise"));
  await turns();
  const times = (line) => Array.from({ length: 3 }, () => line);
  assert.deepEqual(order, [...times("r1 LOGOUT"), ...times("r2 LOGINING"), "promise", ...times("r2 LOGINED")]);
  engine.destroyEngine();
});
