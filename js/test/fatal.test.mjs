// What happens when the Go program ends.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Parley, ZegoExpressEngine } from "../../dist/sdk/index.js";
import { fakeServer, next } from "./fake-server.mjs";
import { kind } from "./wire.mjs";

const server = fakeServer();
Parley.configure({ server: "ws://server.test" });

test("when the program ends every call is rejected, and the next login starts a new one", async () => {
  const engine = new ZegoExpressEngine(1, "");
  await engine.loginRoom("r1", "t", { userID: "alice" });
  server.answer = ({ kind: k }) => (k === kind.publish ? new Uint8Array() : undefined);
  const open = engine.sendBroadcastMessage("r1", "never answered");
  const told = next(engine, "roomStateChanged", (room, reason) => reason === "RECONNECT_FAILED");

  // An import that throws unwinds Go's stack: nothing of it can be used again.
  const random = crypto.getRandomValues;
  crypto.getRandomValues = () => { throw new Error("no randomness"); };
  try {
    const other = new ZegoExpressEngine(1, "");
    await assert.rejects(other.loginRoom("r2", "t", { userID: "bob" }), (error) => error.code === 1100999);
  } finally {
    crypto.getRandomValues = random;
  }
  await assert.rejects(open, (error) => error.errorCode === 1100999 && error.extendedData.includes("ended"));
  assert.deepEqual((await told).slice(0, 3), ["r1", "RECONNECT_FAILED", 1100999]);

  server.answer = undefined;
  assert.equal(await engine.loginRoom("r1", "t", { userID: "alice" }), true);
  assert.equal((await Parley.held()).instances, 1);
  engine.destroyEngine();
});
