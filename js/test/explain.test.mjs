// Parley.explain, diagnose and trace with the real wasm, and the warning about
// messages that nobody hears.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Parley, ParleyError, ZegoExpressEngine } from "../../dist/sdk/index.js";
import { fakeServer, next } from "./fake-server.mjs";
import { fields, frame, kind, message, text } from "./wire.mjs";

const server = fakeServer();
Parley.configure({ server: "ws://server.test" });

async function loggedIn(t, room = "r1") {
  const engine = new ZegoExpressEngine(1_000_000_001, "");
  t.after(() => engine.destroyEngine());
  await engine.loginRoom(room, "token", { userID: "alice" });
  return engine;
}

/** Has the server answer questions of a kind; returns what it was asked, as fields by number. */
function answers(t, to, kindOfAnswer, ...parts) {
  const asked = [];
  server.answer = ({ id, kind: k, body }) => {
    if (k !== to) return undefined;
    asked.push(Object.fromEntries(fields(body).map(([number, value]) => [number, value instanceof Uint8Array ? text(value) : value])));
    return frame([id, kindOfAnswer, message(...parts)]);
  };
  t.after(() => void (server.answer = undefined));
  return asked;
}

/** A push of one message. */
function push(seq, parts = []) {
  server.last().push(frame([0, kind.roomMessage, message([1, seq], [2, "r1"], [6, "bob"], [8, 5], ...parts)]));
}

const at = (ms) => new Date(ms);

test("an outcome and an explanation", async (t) => {
  const engine = await loggedIn(t);
  const bob = message([1, "bob"], [2, 2], [3, "bob listens to nothing"], [4, 1000], [5, "Add it."], [6, 2000], [7, 3000],
    [8, message([1, "send"], [2, 1_700_000_000_000_250n])], [8, message([1, "server"], [2, 1_700_000_000_001_000n])]);
  const asked = answers(t, kind.explain, kind.explained,
    [1, "r1"], [2, 11], [4, "alice"], [5, 2], [6, 4000], [7, 2], [9, bob], [9, message([1, "carol"], [2, 1])], [10, message([1, 2], [2, 1])], [10, message([1, 1], [2, 499])]);
  await engine.sendCustomCommand("r1", "hi", []);
  const outcome = {
    userID: "bob", verdict: "no_listener", reason: "bob listens to nothing", since: at(1000), fix: "Add it.", handedAt: at(2000), acknowledgedAt: at(3000),
    hops: [{ at: "send", time: 1_700_000_000_000.25 }, { at: "server", time: 1_700_000_000_001 }],
  };
  assert.deepEqual(await Parley.explain(engine, { last: true, userID: "bob" }), outcome);
  assert.deepEqual(await Parley.explain(engine, { messageID: 11, roomID: "r1" }), {
    message: { roomID: "r1", messageID: 11, fromUserID: "alice", event: "IMRecvCustomCommand", time: at(4000), bytes: 2 },
    users: [outcome, { userID: "carol", verdict: "delivered", reason: "", since: null, fix: "", handedAt: null, acknowledgedAt: null, hops: [] }],
    counts: { no_listener: 1, delivered: 499 },
  });
  assert.equal((await Parley.explain(engine, { last: true, userID: "nobody" })).verdict, "unknown");
  assert.deepEqual(asked, [{ 1: "r1", 2: 11, 5: "bob" }, { 1: "r1", 2: 11 }, { 1: "r1", 2: 11, 5: "nobody" }]);
});

test("a send that never left", async (t) => {
  const engine = await loggedIn(t);
  await engine.sendBroadcastMessage("r1", "one");
  await assert.rejects(engine.sendBroadcastMessage("r1", "two"), { errorCode: 1009015 });
  const outcome = await Parley.explain(engine, { last: true, userID: "bob" });
  assert.equal(outcome.verdict, "sent_too_often");
  assert.match(outcome.reason, /^This broadcast to the room came \d+ ms after the last one, the limit is one in 500 ms\.$/);
  await assert.rejects(engine.sendBarrageMessage("r1", "界".repeat(4000)), { errorCode: 1009013 });
  const explanation = await Parley.explain(engine, { last: true });
  assert.equal(explanation.message.messageID, null);
  assert.equal(explanation.message.bytes, 12_000);
  assert.deepEqual(explanation.counts, { sent_too_large: 1 });
  assert.equal(explanation.users[0].userID, "");
  assert.equal(explanation.users[0].reason, "The message is 12000 bytes, the limit is 10240.");
  assert.ok(Math.abs(explanation.users[0].since - Date.now()) < 2000);
});

test("questions before the wasm is there wait like any call", async (t) => {
  const engine = new ZegoExpressEngine(1, "");
  t.after(() => engine.destroyEngine());
  const sent = assert.rejects(engine.sendBarrageMessage("r1", "x"), { errorCode: 1000002 });
  const { verdict, fix } = await Parley.explain(engine, { last: true, userID: "bob" });
  assert.equal(verdict, "send_refused");
  assert.equal(fix, "Wait for the promise of loginRoom before sending.");
  await sent;
});

test("wrong questions", async (t) => {
  const engine = await loggedIn(t);
  const code = (promise, wanted) => assert.rejects(promise, (error) => {
    assert.ok(error instanceof ParleyError);
    assert.equal(error.code, wanted);
    assert.ok(error.fix.length > 10, error.fix);
    assert.ok(error.message.endsWith(`. ${error.fix}`), error.message);
    return true;
  });
  for (const question of [
    undefined, null, {}, { last: false }, { last: true, messageID: 5 }, { messageID: null }, { messageID: 0 }, { messageID: 1.5 }, { messageID: NaN },
    { messageID: "" }, { messageID: {} }, { last: true, userID: "" }, { last: true, userID: 5 }, { last: true, roomID: null },
  ]) await code(Parley.explain(engine, question), "INVALID");
  for (const question of [undefined, {}, { roomID: "r" }, { userID: "u" }, { roomID: "", userID: "u" }]) await code(Parley.diagnose(engine, question), "INVALID");
  for (const other of [undefined, null, 5, {}, { _core: {} }, { _core: null }]) {
    await code(Parley.explain(other, { last: true }), "NOT_AN_ENGINE");
    await code(Parley.diagnose(other, { roomID: "r", userID: "u" }), "NOT_AN_ENGINE");
    assert.throws(() => Parley.trace(other, true), { code: "NOT_AN_ENGINE" });
    assert.equal(Parley.limits(other), undefined);
  }
  await code(Parley.explain(engine, { last: true }), "NOTHING_SENT");
  server.answer = ({ id, kind: k }) => (k === kind.diagnose ? frame([id, kind.refusal, message([1, 9], [2, "not yours"], [3, "Set diagnostics."])]) : undefined);
  t.after(() => void (server.answer = undefined));
  await assert.rejects(Parley.diagnose(engine, { roomID: "r1", userID: "bob" }), { code: "FORBIDDEN", fix: "Set diagnostics.", message: "not yours. Set diagnostics." });
  engine.logoutRoom();
  await code(Parley.explain(engine, { messageID: 5 }), "NOT_LOGGED_IN");
  await code(Parley.diagnose(engine, { roomID: "r1", userID: "bob" }), "NOT_LOGGED_IN");
  engine.destroyEngine();
  await code(Parley.explain(engine, { last: true }), "NOT_LOGGED_IN");
});

test("a diagnosis", async (t) => {
  const engine = await loggedIn(t);
  const asked = answers(t, kind.diagnose, kind.diagnosed, [1, message([1, "loggedIn"], [2, 1], [5, 1000])], [1, message([1, "listener"], [3, "none"], [4, "Add it."])]);
  assert.deepEqual(await Parley.diagnose(engine, { roomID: "r1", userID: "bob" }), {
    ok: false,
    checks: [
      { name: "loggedIn", ok: true, reason: "", fix: "", since: at(1000) },
      { name: "listener", ok: false, reason: "none", fix: "Add it.", since: null },
    ],
  });
  assert.deepEqual(asked, [{ 1: "r1", 2: "bob" }]);
});

test("traces", async (t) => {
  const engine = new ZegoExpressEngine(1, "");
  t.after(() => engine.destroyEngine());
  Parley.trace(engine, true); // maybe before the wasm is there
  await engine.loginRoom("r1", "token", { userID: "alice" });
  const sent = async () => {
    server.seen.length = 0;
    await engine.sendBarrageMessage("r1", "x");
    return Object.fromEntries(fields(server.seen.find((e) => e.kind === kind.publish).body));
  };
  const first = await sent();
  assert.match(text(first[9]), /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  assert.ok(Math.abs(first[10] - Date.now()) < 2000);
  Parley.trace(engine, false);
  assert.equal((await sent())[9], undefined);
  // Others' traces are reported whatever this engine does.
  engine.on("IMRecvBroadcastMessage", () => {});
  await Promise.resolve();
  server.seen.length = 0;
  push(12, [[12, "of bob"]]);
  push(13);
  push(14, [[4, 1], [12, "heard by nobody"]]);
  const reports = server.seen.filter((e) => e.kind === kind.handled).map((e) => Object.fromEntries(fields(e.body)));
  assert.deepEqual(reports.map((r) => [text(r[1]), r[2], text(r[4])]), [["r1", 12, "of bob"], ["r1", 14, "heard by nobody"]]);
  assert.ok(Math.abs(reports[0][5] / 1000 - Date.now()) < 2000 && reports[0][6] >= reports[0][5], JSON.stringify(reports));
  assert.equal(reports[1][6], undefined);
});

test("the first message of a kind that nobody hears is said, once", async (t) => {
  const warn = t.mock.method(console, "warn", () => {});
  const said = () => {
    const lines = warn.mock.calls.map(({ arguments: [line] }) => line);
    warn.mock.resetCalls();
    return lines;
  };
  const engine = await loggedIn(t);
  push(11);
  push(12);
  assert.deepEqual(said(), [`Parley: a broadcast message arrived in room "r1", but nothing listens. Add: zg.on('IMRecvBroadcastMessage', (roomID, chatData) => { … })`]);
  const heard = next(engine, "IMRecvBroadcastMessage");
  push(13);
  await heard; // which takes the listener away again
  push(14);
  assert.deepEqual(said(), [], "of this kind it was said");
  engine.on("IMRecvBroadcastMessage", () => {});
  engine.on("recvRoomTransparentMessage", () => {});
  engine.on("roomStateUpdate", () => {});
  push(0, [[3, 1], [10, "1_1_1"]]);
  push(15, [[4, 1]]);
  push(16, [[4, 2], [5, 2]]);
  assert.deepEqual(said(), [
    `Parley: a barrage message arrived in room "r1", but nothing listens. Add: zg.on('IMRecvBarrageMessage', (roomID, messageInfo) => { … }). This engine listens for IMRecvBroadcastMessage, recvRoomTransparentMessage`,
    `Parley: a custom command arrived in room "r1", but nothing listens. Add: zg.on('IMRecvCustomCommand', (roomID, fromUser, command) => { … }). This engine listens for IMRecvBroadcastMessage, recvRoomTransparentMessage`,
  ]);
  Parley.configure({ logLevel: "error" });
  t.after(() => Parley.configure({ logLevel: "warn" }));
  await loggedIn(t);
  push(11);
  assert.deepEqual(said(), [], "warnings are turned off");
});
