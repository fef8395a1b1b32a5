import type { Instance } from "./bridge/instance.js";
import { coreOf } from "./engines.js";
import { ParleyError, type ParleyErrorCode } from "./error.js";

/** Package wire's verdicts, by number. */
const verdicts = [
  "unknown", "delivered", "no_listener", "own_message", "not_in_room", "other_room", "other_app", "never_logged_in", "left_before",
  "joined_after", "queued", "replayed", "dropped", "sent_too_often", "sent_too_large", "not_addressed", "send_refused", "pending",
  "lost", "not_online",
];

// Messages of package wire as it writes them for pages: an array of the fields.

type Hop = [at: string, timeUS: number];
type Outcome = [
  userID: string, verdict: number, reason: string, sinceMS: number, fix: string, handedMS: number, acknowledgedMS: number, hops: Hop[],
];
type Explained = [
  roomID: string, seq: number, id: string, fromUserID: string, channel: number, timeMS: number, bytes: number, trace: string,
  outcomes: Outcome[], tallies: [verdict: number, users: number][],
];
type Check = [name: string, ok: number, reason: string, fix: string, sinceMS: number];

/** What a question may have; each is looked at as if it could be anything. */
type Question = Partial<Record<"messageID" | "last" | "userID" | "roomID", unknown>> | null | undefined;

/** Parley.explain. */
export async function explain(engine: unknown, question: Question): Promise<unknown> {
  const go = insides(engine);
  const { messageID, last, userID, roomID } = question ?? {};
  if ((messageID === undefined) !== (last === true)) throw invalid("Give either messageID or last: true.");
  if (last !== true && !filled(messageID) && !(Number.isSafeInteger(messageID) && messageID as number > 0)) {
    throw invalid("Give the messageID that a send or a message has.");
  }
  for (const id of [userID, roomID]) {
    if (id !== undefined && !filled(id)) throw invalid("Give userID and roomID as texts, or leave them out.");
  }
  const [event, message] = await asked(go, "explain", [messageID, userID, roomID]) as [string, Explained];
  const [room, seq, id, fromUserID, , timeMS, bytes, , outcomes, tallies] = message;
  const users = outcomes.map(outcomeOf);
  if (userID !== undefined) {
    return users.find((outcome) => outcome.userID === userID) ??
      outcomeOf([userID as string, 0, "The server says nothing about this user.", 0, "", 0, 0, []]);
  }
  return {
    message: { roomID: room, messageID: seq || id || null, fromUserID, event, time: date(timeMS), bytes },
    users,
    counts: Object.fromEntries(tallies.map(([verdict, count]) => [verdictOf(verdict), count])),
  };
}

/** Parley.diagnose. */
export async function diagnose(engine: unknown, question: Question): Promise<unknown> {
  const go = insides(engine);
  const { userID, roomID } = question ?? {};
  if (!filled(userID) || !filled(roomID)) throw invalid("Give both roomID and userID.");
  const [answer] = await asked(go, "diagnose", [userID, roomID]) as [Check[]];
  const checks = answer.map(([name, ok, reason, fix, sinceMS]) => ({ name, ok: ok === 1, reason, fix, since: date(sinceMS) }));
  return { ok: checks.every(({ ok }) => ok), checks };
}

/** Parley.trace. */
export function trace(engine: unknown, enabled: unknown): void {
  insides(engine).trace(enabled === true);
}

function insides(engine: unknown): Instance {
  const core = coreOf(engine);
  if (core !== undefined) return core.go;
  throw new ParleyError("NOT_AN_ENGINE", "The first argument is no engine of this package.", "Give the engine itself, made by the same parley-sdk.");
}

function invalid(fix: string): ParleyError {
  return new ParleyError("INVALID", "The question can't be understood.", fix);
}

function filled(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

function outcomeOf([userID, verdict, reason, sinceMS, fix, handedMS, acknowledgedMS, hops]: Outcome): { userID: string } {
  return {
    userID, verdict: verdictOf(verdict), reason, since: date(sinceMS), fix, handedAt: date(handedMS), acknowledgedAt: date(acknowledgedMS),
    hops: hops.map(([at, timeUS]) => ({ at, time: timeUS / 1000 })),
  } as { userID: string };
}

/** One of a later version of the protocol is unknown, too. */
function verdictOf(verdict: number): string {
  return verdicts[verdict] ?? "unknown";
}

function date(ms: number): Date | null {
  return ms === 0 ? null : new Date(ms);
}

/** Asks package explain, which rejects with [code, what, fix]. */
async function asked(go: Instance, method: string, args: readonly unknown[]): Promise<unknown> {
  if (go.ended) throw new ParleyError("NOT_LOGGED_IN", "The engine is destroyed.", "Make a new engine.");
  try {
    return await go.call(method, args, (reason) => reason);
  } catch (error) {
    if (!Array.isArray(error)) throw error instanceof ParleyError ? error : new ParleyError("INTERNAL", `${error}`, "", error);
    const [code, what, fix] = error as [ParleyErrorCode, string, string];
    throw new ParleyError(code, `${what}.`, fix);
  }
}
