// Compiled, never run: what must hold of the declarations, as a consumer of
// the built package sees them.

import {
  Parley,
  ParleyError,
  type ParleyDiagnosis,
  type ParleyExplanation,
  type ParleyOutcome,
  type ParleyVerdict,
} from "../../../dist/sdk/index.js";
import * as all from "../../../dist/sdk/index.js";
import {
  ZegoExpressEngine,
  type ZegoBarrageMessageInfo,
  type ZegoBroadcastMessageInfo,
  type ZegoRoomStateChangedReason,
  type ZegoUser,
} from "../../../dist/sdk/express.js";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function holds<_T extends true>(): void {}

const engine = new ZegoExpressEngine(1, "wss://host/ws");
new ZegoExpressEngine(1);
new ZegoExpressEngine(1, ["wss://a/ws", "wss://b/ws"], { scenario: 3 });

// @ts-expect-error the app id is a number
new ZegoExpressEngine("1", "wss://host/ws");
// @ts-expect-error the app id is needed
new ZegoExpressEngine();

holds<Equal<Parameters<typeof engine.sendBroadcastMessage>, [roomID: string, message: string]>>();
holds<Equal<ReturnType<typeof engine.loginRoom>, Promise<boolean>>>();
holds<Equal<ReturnType<typeof engine.logoutRoom>, void>>();
holds<Equal<ReturnType<typeof engine.renewToken>, boolean>>();
holds<Equal<ZegoBroadcastMessageInfo["messageID"], number>>();
holds<Equal<ZegoBarrageMessageInfo["messageID"], string>>();
holds<Equal<ZegoBroadcastMessageInfo["fromUser"], Required<ZegoUser>>>();
holds<Equal<Awaited<ReturnType<typeof engine.sendBroadcastMessage>>["messageID"], number>>();

engine.on("roomStateChanged", (roomID, reason, errorCode, extendedData) => {
  holds<Equal<typeof roomID, string>>();
  holds<Equal<typeof reason, ZegoRoomStateChangedReason>>();
  holds<Equal<typeof errorCode, number>>();
  holds<Equal<typeof extendedData, string>>();
});
engine.on("IMRecvBroadcastMessage", (_roomID, list) => holds<Equal<typeof list, ZegoBroadcastMessageInfo[]>>());
engine.on("IMRecvCustomCommand", (_roomID, user, command) => {
  holds<Equal<typeof user, Required<ZegoUser>>>();
  holds<Equal<typeof command, string>>();
});
engine.on("roomUserUpdate", () => {}); // fewer parameters are fine
engine.on("roomStreamUpdate", () => {});
engine.off("IMRecvBroadcastMessage");

// @ts-expect-error no such event
engine.on("IMRecvBroadcast", () => {});
// @ts-expect-error a listener of another event
engine.on("roomOnlineUserCountUpdate", (_room: string, _count: string) => {});
// @ts-expect-error the old name is no event
engine.on("hallStateUpdate", () => {});
// @ts-expect-error users are objects
void engine.loginRoom("r", "t", "alice");
// @ts-expect-error receivers are ids
void engine.sendCustomCommand("r", "c", [{ userID: "bob" }]);
// @ts-expect-error content is bytes
void engine.sendTransparentMessage("r", { sendMode: 0, sendType: 0, content: "x", recvUserList: [] });
// @ts-expect-error 2 is none
engine.setRoomScenario(2);

void engine.sendCustomCommand("r", { any: "object" }, []);
void engine.loginRoom("r", "t", { userID: "alice" }, null);
holds<Equal<ReturnType<typeof engine.createZegoStream>, Promise<never>>>();
holds<Equal<ReturnType<typeof engine.isMicrophoneMuted>, false>>();
engine.startPublishingStream("s", {});

holds<Equal<typeof Parley.ready, Promise<void>>>();
Parley.configure({ server: "wss://host/ws", wasmURL: new URL("https://host/parley.wasm") });
// @ts-expect-error misspelt
Parley.configure({ wasmUrl: "x" });
// @ts-expect-error ready can't be set
Parley.ready = Promise.resolve();
// @ts-expect-error not an engine
Parley.limits({});

holds<Equal<Awaited<ReturnType<typeof one>>, ParleyOutcome>>();
const one = () => Parley.explain(engine, { last: true, userID: "bob" });
holds<Equal<Awaited<ReturnType<typeof all_>>, ParleyExplanation>>();
const all_ = () => Parley.explain(engine, { messageID: 7, roomID: "r" });
void Parley.explain(engine, { messageID: "1_2_3", userID: "bob" }).then(({ since }) => holds<Equal<typeof since, Date | null>>());
void Parley.explain(engine, { last: true, roomID: "r" }).then(({ counts }) => holds<Equal<typeof counts.dropped, number | undefined>>());
// @ts-expect-error which message?
void Parley.explain(engine, { userID: "bob" });
// @ts-expect-error one of both
void Parley.explain(engine, { messageID: 7, last: true });
// @ts-expect-error true, or left out
void Parley.explain(engine, { last: false });
// @ts-expect-error not an engine
void Parley.explain({}, { last: true });
void Parley.diagnose(engine, { roomID: "r", userID: "bob" }).then((diagnosis) => holds<Equal<typeof diagnosis, ParleyDiagnosis>>());
// @ts-expect-error in which room?
void Parley.diagnose(engine, { userID: "bob" });
holds<Equal<ReturnType<typeof Parley.trace>, void>>();
// @ts-expect-error on or off
Parley.trace(engine);
// @ts-expect-error read only
(await one()).verdict = "delivered";
const verdicts: Record<ParleyVerdict, number> = {
  delivered: 1, no_listener: 2, own_message: 3, not_in_room: 4, other_room: 5, other_app: 6, never_logged_in: 7, left_before: 8,
  joined_after: 9, queued: 10, replayed: 11, dropped: 12, sent_too_often: 13, sent_too_large: 14, not_addressed: 15,
  send_refused: 16, pending: 17, lost: 18, not_online: 19, unknown: 0,
};
void verdicts;

const failure: ParleyError = new ParleyError("CSP", "a", "b");
holds<Equal<typeof failure.fix, string>>();
// @ts-expect-error one of the known codes
new ParleyError("OTHER", "a", "b");

// The names that the declarations have are the names that the package has
// (test/names.test.mjs reads this list).
export const declared: (keyof typeof all)[] = ["Parley", "ParleyError", "VERTC", "WebRTCUtil", "ZegoExpressEngine"];
holds<Equal<keyof typeof all, "Parley" | "ParleyError" | "VERTC" | "WebRTCUtil" | "ZegoExpressEngine">>();
export type Methods = keyof ZegoExpressEngine;
