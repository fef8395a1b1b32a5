const subprotocol = "parley.v1";

/** Close codes that a page may give; others become the first. */
const normal = 1000;

/** No close frame came: the code of RFC 6455 for it. */
const abnormal = 1006;

/** What the sockets tell. */
export interface SocketEvents {
  opened(id: number): void;
  frame(id: number, data: Uint8Array): void;
  closed(id: number, code: number, reason: string): void;
}

/** The page's WebSockets by the number that Go gave them. */
export class Sockets {
  readonly #open = new Map<number, WebSocket>();
  readonly #events: SocketEvents;

  constructor(events: SocketEvents) {
    this.#events = events;
  }

  /** Sockets that are not closed yet, for tests. */
  get size(): number {
    return this.#open.size;
  }

  dial(id: number, url: string): void {
    let socket: WebSocket;
    try {
      socket = new WebSocket(url, subprotocol);
    } catch (error) { // a malformed URL, or ws: in a page from https:
      queueMicrotask(() => this.#events.closed(id, abnormal, String(error)));
      return;
    }
    socket.binaryType = "arraybuffer";
    this.#open.set(id, socket);
    socket.onopen = () => this.#events.opened(id);
    socket.onmessage = (event: MessageEvent<unknown>) => {
      if (event.data instanceof ArrayBuffer) this.#events.frame(id, new Uint8Array(event.data));
    };
    socket.onclose = (event) => {
      this.#open.delete(id);
      this.#events.closed(id, event.code, event.reason);
    };
  }

  send(id: number, frame: Uint8Array): void {
    const socket = this.#open.get(id);
    // slice: the socket may read later, and the memory is Go's.
    if (socket?.readyState === WebSocket.OPEN) socket.send(frame.slice());
  }

  buffered(id: number): number {
    return this.#open.get(id)?.bufferedAmount ?? 0;
  }

  close(id: number, code: number, reason: string): void {
    this.#open.get(id)?.close(code === normal || (code >= 3000 && code <= 4999) ? code : normal, reason.slice(0, 40));
  }

  /** Closes all with a code that asks to come back: the page may be frozen. */
  suspend(): void {
    for (const socket of this.#open.values()) socket.close(4000);
  }

  /** Closes all and tells nobody. */
  abandon(): void {
    for (const socket of this.#open.values()) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
    this.#open.clear();
  }
}
