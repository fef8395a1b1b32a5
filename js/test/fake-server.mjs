import { envelopes, fields, frame, kind, message, text } from "./wire.mjs";

/**
 * Replaces the global WebSocket by one with a small server behind it: it
 * welcomes, lets everybody into every room, and takes every message.
 */
export function fakeServer() {
  const server = {
    sockets: [],
    /** Envelopes that clients sent, in order. */
    seen: [],
    open: () => server.sockets.filter((socket) => socket.readyState < 3).length,
    last: () => server.sockets.at(-1),
    /** Set to change an answer; returns envelopes or undefined. */
    answer: undefined,
    /** Set to look at what comes, and on which socket. */
    saw: undefined,
  };
  class FakeWebSocket {
    static OPEN = 1;
    static CLOSED = 3;
    readyState = 0;
    bufferedAmount = 0;
    binaryType = "blob";
    onopen = null;
    onmessage = null;
    onclose = null;

    constructor(url, protocol) {
      if (url.includes("malformed")) throw new SyntaxError("malformed URL");
      this.url = url;
      this.protocol = protocol;
      server.sockets.push(this);
      setImmediate(() => {
        if (this.readyState !== 0) return;
        this.readyState = 1;
        this.onopen?.({});
      });
    }

    send(data) {
      for (const envelope of envelopes(data)) {
        server.seen.push(envelope);
        server.saw?.(envelope, this);
        const reply = server.answer?.(envelope) ?? answer(envelope);
        if (reply) setImmediate(() => this.push(reply));
      }
    }

    /** Sends a frame to the page. */
    push(bytes) {
      if (this.readyState === 1) this.onmessage?.({ data: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) });
    }

    close(code = 1000, reason = "") {
      if (this.readyState === 3) return;
      this.readyState = 3;
      setImmediate(() => this.onclose?.({ code, reason }));
    }
  }
  globalThis.WebSocket = FakeWebSocket;
  return server;
}

function answer({ id, kind: k, body }) {
  switch (k) {
    case kind.hello:
      return frame([id, kind.welcome, message(
        [1, "session"], [2, "secret"], [3, 1], [5, 60_000], [6, 60_000], [7, 20_000], [8, Date.now()],
        [10, message([1, 65_536], [2, 1024], [3, 4096], [4, 5])],
      )]);
    case kind.join:
      return frame([id, kind.joined, message([1, text(fields(body)[0][1])], [2, "epoch"], [3, 10], [5, 2])]);
    case kind.publish:
      return frame([id, kind.published, message([1, 11], [2, 1_700_000_000_000], [3, "1_2_3"])]);
    case kind.businessQuestion:
      return frame([id, kind.businessAnswer, message([1, "ok"])]);
    case kind.leave:
    case kind.sendDirect:
    case kind.setBusinessServer:
      return frame([id, kind.done, message()]);
    default:
      return undefined;
  }
}

/** Resolves when the listener of event is called, with its arguments. */
export function next(engine, event, matches = () => true) {
  return new Promise((resolve) => {
    const listener = (...args) => {
      if (!matches(...args)) return;
      engine.off(event, listener);
      resolve(args);
    };
    engine.on(event, listener);
  });
}
