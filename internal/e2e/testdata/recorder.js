// Runs in every page before the page's own scripts. It notes what listeners
// are told, in order, and lets tests wait for it.
"use strict";
(() => {
  const kinds = [
    "roomStateUpdate", "roomStateChanged", "roomUserUpdate", "roomOnlineUserCountUpdate",
    "IMRecvBroadcastMessage", "IMRecvBarrageMessage", "IMRecvCustomCommand", "recvRoomTransparentMessage",
    "roomExtraInfoUpdate", "tokenWillExpire", "recvExperimentalAPI",
  ];
  const volcKinds = [
    "onUserMessageReceived", "onUserBinaryMessageReceived", "onRoomMessageReceived", "onRoomBinaryMessageReceived",
    "onUserMessageReceivedOutsideRoom", "onUserBinaryMessageReceivedOutsideRoom", "onServerParamsSetResult",
    "onConnectionStateChanged", "onError", "onTokenWillExpire", "onUserJoined", "onUserLeave",
  ];
  const log = [];
  const waiting = new Set();
  const users = new Map();

  function note(who, what, args) {
    log.push({ n: log.length, at: performance.now(), who, what, args });
    for (const look of [...waiting]) look();
  }

  /** A value as JSON can hold it, with what JSON has no word for. */
  function plain(value, depth = 0) {
    if (value === undefined) return { $: "undefined" };
    if (value === null || typeof value === "boolean" || typeof value === "string") return value;
    if (typeof value === "number") return Number.isFinite(value) ? value : { $: String(value) };
    if (typeof value === "function" || typeof value === "symbol" || typeof value === "bigint") return { $: typeof value };
    if (value instanceof Uint8Array) return { $: "bytes", of: [...value] };
    if (value instanceof ArrayBuffer) return { $: "buffer", of: [...new Uint8Array(value)] };
    if (value instanceof Error) return { $: value.name, message: value.message, code: value.code, fix: value.fix };
    if (depth > 8) return { $: "deep" };
    if (Array.isArray(value)) return value.map((item) => plain(item, depth + 1));
    const fields = {};
    for (const key of Object.keys(value)) fields[key] = plain(value[key], depth + 1);
    return fields;
  }

  function tell(who) {
    return log.filter((line) => who === undefined || line.who === who || line.who === "page").map(({ n, at, who, what, args }) => `${n} ${at.toFixed(0)} ms ${who} ${what} ${JSON.stringify(plain(args)).slice(0, 300)}`).join("\n");
  }

  /** Resolves with the condition's value when it is true. */
  function until(condition, ms = 15000, who) {
    return new Promise((resolve, reject) => {
      let timer = 0;
      const end = (settle, value) => {
        clearTimeout(timer);
        waiting.delete(look);
        settle(value);
      };
      const look = () => {
        let value;
        try {
          value = condition();
        } catch (error) {
          return end(reject, error);
        }
        if (value) end(resolve, value);
      };
      timer = setTimeout(() => end(reject, new Error(`not within ${ms} ms: ${condition}\nnoted:\n${tell(who)}`)), ms);
      waiting.add(look);
      look();
    });
  }

  /** Resolves when the document has come to fulfil a condition. */
  function shown(condition, ms = 20000) {
    return new Promise((resolve, reject) => {
      const end = (settle, value) => {
        clearTimeout(timer);
        observer.disconnect();
        settle(value);
      };
      const look = () => {
        let value;
        try {
          value = condition();
        } catch (error) {
          return end(reject, error);
        }
        if (value) end(resolve, value);
      };
      const observer = new MutationObserver(look);
      const timer = setTimeout(() => end(reject, new Error(`not within ${ms} ms: ${condition}\nthe page shows:\n${document.body.innerText.slice(0, 3000)}`)), ms);
      observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
      look();
    });
  }

  /** What became of a promise, or of a function that may throw. */
  async function settle(promise) {
    try {
      return { ok: await (typeof promise === "function" ? promise() : promise) };
    } catch (no) {
      return { no };
    }
  }

  /** Makes an engine for a user, with a listener for every event. */
  async function create(id, { dialect = "express", room, ask = {}, silent = false, given } = {}) {
    const volc = dialect === "volc";
    const cred = given ?? await Parley.dev.credentials({ user: id, dialect, ...(volc ? { room } : {}), ...ask });
    const engine = volc ? VERTC.createEngine(cred.appID) : new ZegoExpressEngine(cred.appID, cred.server);
    const user = {
      engine, room, cred, userID: id, token: cred.token, person: { userID: id, userName: `Name of ${id}` },
      got: (what) => log.filter((line) => line.who === id && line.what === what).map((line) => line.args),
      /** The events of some kinds, or of all, as [event, ...arguments]. */
      order: (...which) => log.filter((line) => line.who === id && (which.length === 0 || which.includes(line.what))).map((line) => [line.what, ...line.args]),
      states: (in_ = room) => log.filter((line) => line.who === id && line.what === "roomStateChanged" && line.args[0] === in_).map((line) => line.args[1]),
      messages: (what = "IMRecvBroadcastMessage") => user.got(what).flatMap((args) => args[1]),
      /** The messages of VERTC's events. */
      heard: (what = "onRoomMessageReceived") => user.got(what).map(([message]) => message),
      login: (config = { userUpdate: true }, in_ = room) => engine.loginRoom(in_, cred.token, user.person, config),
      note: (what, ...args) => note(id, what, args),
      keep: {},
      until: (condition, ms) => until(condition, ms, id), settle, plain,
    };
    if (!silent) for (const kind of volc ? volcKinds : kinds) engine.on(kind, (...args) => note(id, kind, args));
    users.set(id, user);
  }

  function drop(id) {
    const engine = users.get(id)?.engine;
    if (engine instanceof ZegoExpressEngine) engine.destroyEngine();
    else engine?.destroy();
    users.delete(id);
  }

  /** Runs a test's function with a user in its scope; the answer is JSON. */
  async function run(body, id) {
    try {
      const value = await body(id === undefined ? { until, settle, plain, note: (what, ...args) => note("page", what, args) } : users.get(id));
      return JSON.stringify({ value: plain(value) });
    } catch (error) {
      return JSON.stringify({ thrown: plain(error), stack: error instanceof Error ? error.stack : undefined });
    }
  }

  addEventListener("error", (event) => note("page", "error", [event.message]));
  addEventListener("unhandledrejection", (event) => note("page", "unhandledrejection", [event.reason]));
  globalThis.T = { shown, log, note, plain, tell, until, settle, create, drop, run, users, kinds };
})();
