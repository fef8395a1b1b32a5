import type { ZegoExpressEngine } from "./express.js";
import type { IRTCEngine } from "./volc.js";

export * from "./express.js";
export { default as VERTC } from "./volc.js";

/** Why the SDK itself failed, or could not answer a question. */
export type ParleyErrorCode =
  /** The page's content security policy forbids WebAssembly or the fetch. */
  | "CSP"
  /** The server answers something else, mostly a page, in place of parley.wasm. */
  | "MIME"
  /** parley.wasm is not there. */
  | "NOT_FOUND"
  /** Loader and parley.wasm are of different builds. */
  | "VERSION"
  /** parley.wasm could not be fetched. */
  | "NETWORK"
  /** parley.wasm is not the file that `integrity` belongs to. */
  | "INTEGRITY"
  /** The environment has no WebAssembly, or no WebSocket; or the server does not know the question. */
  | "UNSUPPORTED"
  /** No server is known. */
  | "NO_SERVER"
  /** The dev server refused. */
  | "DEV"
  /** The program behind the SDK has ended. */
  | "ENDED"
  /** What was given as an engine is none of this package. */
  | "NOT_AN_ENGINE"
  /** The question's options are wrong. */
  | "INVALID"
  /** `last: true`, and this engine has sent nothing, or nothing to that room. */
  | "NOTHING_SENT"
  /** The engine is not logged in, so there is no server to ask. */
  | "NOT_LOGGED_IN"
  /** The app's settings don't let this user ask that. */
  | "FORBIDDEN"
  /** The user is not in that room. */
  | "NOT_JOINED"
  /** The server has too much to do, or was asked too often: ask again later. */
  | "RATE_LIMITED"
  | "OVERLOADED"
  /** Too many calls wait for their answers. */
  | "QUEUE_FULL"
  /** No answer came. */
  | "TIMEOUT"
  | "DISCONNECTED"
  | "RECONNECT_TIMEOUT"
  /** The engine was logged out or destroyed before the answer came. */
  | "CLOSED"
  /** The server, or the SDK, failed inside. */
  | "INTERNAL";

/** A failure of the SDK itself: what {@link Parley.ready}, {@link Parley.explain} and {@link Parley.diagnose} reject with. */
export class ParleyError extends Error {
  constructor(code: ParleyErrorCode, what: string, fix: string, cause?: unknown);
  readonly code: ParleyErrorCode;
  /** What to do about it, in one sentence; empty when nothing is known to help. */
  readonly fix: string;
}

/** Settings of the SDK. What is left out stays as it is. */
export interface ParleyConfiguration {
  /** The server: `wss://host/ws`; a bare host gets `/ws`. Wins over everything else that names one. */
  server?: string | undefined;
  /** Where parley.wasm is, when it does not lie beside the script. */
  wasmURL?: string | URL | undefined;
  /** Subresource integrity of parley.wasm: `sha384-…` as in integrity.json. */
  integrity?: string | undefined;
  /** What goes to the console; `"warn"` unless set. A warning is also the first message of a kind that nothing listens for. */
  logLevel?: "debug" | "info" | "warn" | "error" | "silent" | undefined;
}

/** How far loading is. */
export interface ParleyProgress {
  /** Bytes so far. */
  readonly loaded: number;
  /** Bytes in all; 0 when it is not known, as for a compressed transfer. */
  readonly total: number;
  readonly stage: "download" | "start" | "ready" | "failed";
}

/** The app's limits. */
export interface ParleyLimits {
  /** Of a text message, in bytes of UTF-8. */
  readonly messageBytes: number;
  /** Of a message of bytes. */
  readonly dataBytes: number;
  /** At once. */
  readonly rooms: number;
  readonly frameBytes: number;
}

/** What the dev server gives for a login. */
export interface ParleyCredentials {
  readonly server: string;
  readonly app: string;
  readonly user: string;
  readonly dialect: string;
  readonly appID: number;
  readonly token: string;
  readonly serverSecret: string;
  readonly callbackSecret: string;
  /** Unix seconds. */
  readonly expires: number;
}

/** What the dev server gives for a login and a join of `VERTC`. */
export interface ParleyVolcCredentials {
  readonly server: string;
  readonly app: string;
  readonly user: string;
  readonly dialect: string;
  readonly appID: string;
  /** For `login`. */
  readonly token: string;
  /** For `joinRoom`, when a room was named; `*` is every room. */
  readonly roomToken?: string;
  readonly appKey: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Unix seconds. */
  readonly expires: number;
}

/** A fault for the dev server to cause. */
export interface ParleyFault {
  fault: "cut" | "restore" | "delay" | "drop" | "expire" | "kick" | "refuse" | "restart" | "clear";
  app?: string;
  user?: string;
  room?: string;
  seconds?: number;
  ms?: number;
  percent?: number;
  reason?: string;
  code?: string;
}

/** Calls to a server that was started with `parley dev`; they reject with a {@link ParleyError}. */
export interface ParleyDev {
  credentials(options: { user: string; dialect?: "express"; room?: string; ttl?: number; app?: "demo" | "other" }): Promise<ParleyCredentials>;
  credentials(options: { user: string; dialect: "volc"; room?: string; ttl?: number; app?: "demo" | "other" }): Promise<ParleyVolcCredentials>;
  fault(fault: ParleyFault): Promise<{ affected: number }>;
  faults(): Promise<{ faults: readonly Record<string, unknown>[] }>;
}

/** An engine of any of the package's classes. */
export type ParleyEngine = ZegoExpressEngine | IRTCEngine;

/**
 * What became of a message for one user.
 *
 * | verdict | |
 * | --- | --- |
 * | `delivered` | The user's socket has it; {@link ParleyOutcome.acknowledgedAt} says whether the page is known to have it. |
 * | `no_listener` | It arrived in a page that has no listener for it. `fix` is the call that is missing. |
 * | `own_message` | The user is the sender, who never receives an own message. |
 * | `not_in_room` | Logged in, in no room. |
 * | `other_room` | Logged in, in another room. |
 * | `other_app` | Connected under another app id. |
 * | `never_logged_in` | Never seen by the server, or the last login was refused. |
 * | `not_online` | Logged in before, not at that time. |
 * | `left_before` | Left the room before the message. |
 * | `joined_after` | Came into the room after the message. |
 * | `queued` | Cut off; the message waits for the user's return. |
 * | `replayed` | Was cut off, came back, and got it then. |
 * | `pending` | Waits for a socket that takes no more at the moment. |
 * | `dropped` | A barrage message that was left out for this user. |
 * | `lost` | Lost for this user, whose page was told of a gap. |
 * | `not_addressed` | Not among the receivers that the sender named. |
 * | `sent_too_often` | The send was refused: more often than the limit. |
 * | `sent_too_large` | The send was refused: larger than the limit. |
 * | `send_refused` | The send was refused for another reason. When no receiver was there, the verdict says where it was instead. |
 * | `unknown` | Nobody knows: too long ago, before the server started, or lost with a connection. |
 */
export type ParleyVerdict =
  | "delivered" | "no_listener" | "own_message" | "not_in_room" | "other_room" | "other_app" | "never_logged_in" | "left_before"
  | "joined_after" | "queued" | "replayed" | "dropped" | "sent_too_often" | "sent_too_large" | "not_addressed" | "send_refused"
  | "pending" | "lost" | "not_online" | "unknown";

/** One station of a traced message; see {@link Parley.trace}. */
export interface ParleyHop {
  /**
   * `send`: the sender's call. `server`: the server has it. `log`: it is stored. `socket`: handed to this user's
   * connection. `client`: arrived in the page. `listener`: handed to the page's listeners.
   */
  readonly at: "send" | "server" | "log" | "socket" | "client" | "listener";
  /** Ms since the epoch, exact to a microsecond where the clock was. Clocks of pages are corrected by what the server measured. */
  readonly time: number;
}

/** What became of a message for one user. */
export interface ParleyOutcome {
  /** Empty in the one outcome of a send that was refused, when no user was asked about: it holds for everybody. */
  readonly userID: string;
  readonly verdict: ParleyVerdict;
  /** One sentence with the facts. */
  readonly reason: string;
  /** Since when it is so. */
  readonly since: Date | null;
  /** What to do, one sentence; empty when nothing needs to be done. */
  readonly fix: string;
  /** When the user's connection got it. */
  readonly handedAt: Date | null;
  /** When the user's page said that it had arrived. */
  readonly acknowledgedAt: Date | null;
  /** In order; empty for a message without a trace. */
  readonly hops: readonly ParleyHop[];
}

/** What became of a message. */
export interface ParleyExplanation {
  readonly message: {
    /** Empty for a message outside rooms. */
    readonly roomID: string;
    /** As in the send's answer; `null` for a send that was refused, or whose answer got lost, and outside rooms. */
    readonly messageID: number | string | null;
    readonly fromUserID: string;
    /** The event that it becomes in a page like this one; empty when it becomes none. */
    readonly event: string;
    readonly time: Date | null;
    /** Of its text or content. */
    readonly bytes: number;
  };
  /** The room's members at that time; in big rooms only those who were asked about. Outside rooms the receiver. */
  readonly users: readonly ParleyOutcome[];
  /** How many users have which verdict, in big rooms, too. */
  readonly counts: Readonly<Partial<Record<ParleyVerdict, number>>>;
}

/** Which message to explain: one of the two. */
export type ParleyQuestion =
  | {
    /** What the send resolved with, or what a received message has: a number, or for a barrage message a text. */
    readonly messageID: number | string;
    readonly last?: false | undefined;
    /** The message's room. Needed when the engine is in several and did not send the message itself. */
    readonly roomID?: string | undefined;
  }
  | {
    /**
     * The last message that this engine sent, or tried to send, to {@link roomID}, or anywhere. A send that was refused
     * in the page (too large, too often, not logged in) is one, too. When it has no answer yet, its answer is waited for.
     */
    readonly last: true;
    readonly messageID?: undefined;
    readonly roomID?: string | undefined;
  };

/** One condition for a message to arrive. */
export interface ParleyCheck {
  /**
   * `loggedIn`: the user is connected. `sameApp`: under this app. `sameRoom`: in this room. `listener`: its page listens for
   * messages. `notOwn`: it is somebody else than this engine's user.
   */
  readonly name: "loggedIn" | "sameApp" | "sameRoom" | "listener" | "notOwn";
  readonly ok: boolean;
  /** One sentence with the facts. */
  readonly reason: string;
  /** What to do, one sentence; empty when nothing needs to be done. */
  readonly fix: string;
  readonly since: Date | null;
}

/** Whether a user would receive what this engine sends. */
export interface ParleyDiagnosis {
  /** Whether all checks are. */
  readonly ok: boolean;
  readonly checks: readonly ParleyCheck[];
}

/** What belongs to the SDK and to no dialect. */
export declare const Parley: {
  readonly version: string;
  /** Resolves when the wasm runs; reading it starts the loading. Rejects with a {@link ParleyError}; the next reading tries again. */
  readonly ready: Promise<void>;
  readonly dev: ParleyDev;
  /** The same as reading {@link ready}. */
  load(): Promise<void>;
  configure(options: ParleyConfiguration): void;
  /** Calls `listener` while the wasm is loaded; returns the function that ends it. */
  onProgress(listener: (progress: ParleyProgress) => void): () => void;
  /** The app's limits, `undefined` before the first login. */
  limits(engine: ParleyEngine): ParleyLimits | undefined;
  /**
   * Says what became of a message: why it reached somebody, or did not. Without `userID` for everybody who was there. The
   * server answers for the last minutes; what a user may ask is the app's setting. Takes up to about a second, since the
   * server asks the receivers' pages whether it arrived. Rejects with a {@link ParleyError}.
   *
   * @example
   * ```ts
   * await engine.sendBroadcastMessage("lobby", "hello");
   * const { verdict, reason, fix } = await Parley.explain(engine, { last: true, userID: "bob" });
   * if (verdict !== "delivered") console.warn(reason, fix);
   * ```
   *
   * @example
   * ```ts
   * const { counts, users } = await Parley.explain(engine, { messageID, roomID: "lobby" });
   * console.log(counts.delivered, users.filter((user) => user.verdict === "no_listener"));
   * ```
   */
  explain(engine: ParleyEngine, question: ParleyQuestion & { readonly userID: string }): Promise<ParleyOutcome>;
  explain(engine: ParleyEngine, question: ParleyQuestion & { readonly userID?: undefined }): Promise<ParleyExplanation>;
  /**
   * Says, before anything is sent, whether a user would receive what this engine sends to a room, and what is in the way.
   * Rejects with a {@link ParleyError}.
   *
   * @example
   * ```ts
   * const { ok, checks } = await Parley.diagnose(engine, { roomID: "lobby", userID: "bob" });
   * if (!ok) for (const check of checks) if (!check.ok) console.warn(check.name, check.reason, check.fix);
   * ```
   */
  diagnose(engine: ParleyEngine, question: { readonly roomID: string; readonly userID: string }): Promise<ParleyDiagnosis>;
  /**
   * Has the way of what this engine sends from now on recorded, or ends that: {@link explain} then has `hops`. Off by
   * default. Each message costs a report from each receiver: for looking into something, not for a flood. Throws a
   * {@link ParleyError} when it is given no engine.
   *
   * @example
   * ```ts
   * Parley.trace(engine, true);
   * await engine.sendBroadcastMessage("lobby", "how long does this take?");
   * const { hops } = await Parley.explain(engine, { last: true, userID: "bob" });
   * for (const { at, time } of hops) console.log(at, time - hops[0].time);
   * ```
   */
  trace(engine: ParleyEngine, enabled: boolean): void;
  /** What the SDK holds at this moment: a leak test compares it before and after. */
  held(): Promise<Readonly<Record<"instances" | "sockets" | "timers" | "goSockets" | "goTimers" | "calls", number>>>;
};
