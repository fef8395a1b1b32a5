import { log } from "./log.js";

/** An event that messages become, as its dialect's Go side has it, too. */
export interface MessageEvent {
  readonly name: string;
  /** What its message is called: "a broadcast message". */
  readonly what: string;
  /** The call that listens for it. */
  readonly call: string;
}

/** Says, once for each event of an engine, that its messages come and nobody listens. */
export class Unheard {
  readonly #said = new Set<MessageEvent>();

  /** all are the events that messages become, heard says which have listeners. */
  warn(event: MessageEvent, roomID: string | undefined, all: readonly MessageEvent[], heard: (name: string) => boolean): void {
    if (this.#said.has(event)) return;
    this.#said.add(event);
    const others = all.filter(({ name }) => heard(name)).map(({ name }) => name).join(", ");
    const where = roomID === undefined ? "" : ` in room ${JSON.stringify(roomID)}`;
    log.warn(`Parley: ${event.what} arrived${where}, but nothing listens. Add: ${event.call}` +
      (others === "" ? "" : `. This engine listens for ${others}`));
  }
}
