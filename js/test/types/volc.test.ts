// Compiled, never run: what must hold of the declarations of VERTC, as a
// consumer of the built package sees them.

import { Parley, VERTC as ofIndex } from "../../../dist/sdk/index.js";
import VERTC, {
  ConnectionState,
  type ErrorCode,
  type IRTCEngine,
  MediaType,
  ReconnectReason,
  RoomMode,
  type SDKError,
  USER_ONLINE_STATUS,
  type UserBinaryMessageEvent,
  type UserMessageEvent,
  UserOfflineReason,
} from "../../../dist/sdk/volc.js";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function holds<_T extends true>(): void {}

holds<Equal<typeof ofIndex, typeof VERTC>>();
const engine: IRTCEngine = VERTC.createEngine("123456781234567812345678");
VERTC.createEngine("id", { expectedIDC: "x" });
VERTC.destroyEngine(engine);
// @ts-expect-error the app id is a text
VERTC.createEngine(1);
// @ts-expect-error and is needed
VERTC.createEngine();
// @ts-expect-error not an engine
VERTC.destroyEngine({});

holds<Equal<typeof VERTC.events.onUserMessageReceived, "onUserMessageReceived">>();
holds<Equal<typeof VERTC.ErrorCode.NOT_LOGIN, "NOT_LOGIN">>();
holds<Equal<typeof VERTC.ErrorCode.AUDIO_DEVICE_TEST_FAILED, "AUDIO_DEVICE_RECORD_FAILED">>();
// @ts-expect-error no such event
VERTC.events.onUserMessage;

holds<Equal<Parameters<typeof engine.login>, [token: string | null, userId: string]>>();
holds<Equal<ReturnType<typeof engine.login>, Promise<void>>>();
holds<Equal<ReturnType<typeof engine.getPeerOnlineStatus>, Promise<USER_ONLINE_STATUS>>>();
holds<Equal<ReturnType<typeof engine.setBusinessId>, boolean>>();
holds<Equal<ReturnType<typeof engine.publishStream>, Promise<never>>>();
void engine.publishStream(MediaType.AUDIO);

engine.on(VERTC.events.onUserMessageReceived, (event) => holds<Equal<typeof event, UserMessageEvent>>());
engine.on("onRoomBinaryMessageReceived", (event) => holds<Equal<typeof event, UserBinaryMessageEvent>>());
engine.on(VERTC.events.onServerParamsSetResult, (error) => holds<Equal<typeof error, ErrorCode | undefined>>());
engine.on(VERTC.events.onError, ({ errorCode }) => { if (errorCode === VERTC.ErrorCode.KICKED_OUT) return; });
engine.on(VERTC.events.onUserLeave, ({ reason }) => holds<Equal<typeof reason, UserOfflineReason>>());
engine.on(VERTC.events.onUserPublishStream, (_event: { userId: string; mediaType: MediaType }) => {});
engine.on("my own", (_a: number, _b: string) => {});
engine.once(VERTC.events.onTokenWillExpire, () => {}).off("onTokenWillExpire").removeAllListeners();
// @ts-expect-error a listener of another event
engine.on(VERTC.events.onUserMessageReceived, (_event: { userId: number }) => {});
// @ts-expect-error bytes are an ArrayBuffer
void engine.sendRoomBinaryMessage("text");
// @ts-expect-error users are objects
void engine.joinRoom(null, "r", "alice");
void engine.joinRoom(null, "r", { userId: "alice", extraInfo: "x" }, { roomMode: RoomMode.ROOM_MODE_RTS_ONLY, isAutoPublish: false });

const state: ConnectionState = ConnectionState.CONNECTION_STATE_LOST;
holds<Equal<`${ReconnectReason.ICE_FAILED}`, "iceFailed">>();
export const name: string | undefined = ConnectionState[state];
export function codeOf(error: SDKError): ErrorCode {
  return error.code;
}

holds<Equal<Awaited<ReturnType<typeof forLogin>>["appID"], string>>();
function forLogin() {
  return Parley.dev.credentials({ user: "alice", dialect: "volc", room: "*" });
}
Parley.limits(engine);
void Parley.explain(engine, { last: true, userID: "bob" });
