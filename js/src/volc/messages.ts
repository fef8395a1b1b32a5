import type { TableReader } from "../bridge/table.js";
import type { MessageEvent, Unheard } from "../unheard.js";
import type { Emitter } from "./emitter.js";

/** Events that messages become; receive.go has the same numbers and calls. The odd ones are bytes. */
const events = [
  eventOf("onRoomMessageReceived", "a room message"),
  eventOf("onRoomBinaryMessageReceived", "a room message of bytes"),
  eventOf("onUserMessageReceived", "a message to this user"),
  eventOf("onUserBinaryMessageReceived", "a message of bytes to this user"),
  eventOf("onUserMessageReceivedOutsideRoom", "a message from outside rooms"),
  eventOf("onUserBinaryMessageReceivedOutsideRoom", "a message of bytes from outside rooms"),
] as const;

function eventOf(name: string, what: string): MessageEvent {
  return { name, what, call: `engine.on(VERTC.events.${name}, ({ userId, message }) => { … })` };
}

/** A sender that is the one before. */
const same = -1;

/** Tells of one frame's messages (receive.go says what stands in the table). tell says whether somebody listens. */
export function tellMessages(
  table: TableReader, tell: (event: string, calls: unknown[][]) => boolean, emitter: Emitter, unheard: Unheard,
): void {
  while (!table.done) {
    const kind = table.number(), count = table.number();
    const event = events[kind] ?? events[0];
    const calls = kind % 2 === 0 ? texts(table, count) : binaries(table, count);
    if (!tell(event.name, calls)) unheard.warn(event, undefined, events, (name) => emitter.heard(name));
  }
}

/**
 * Reads a group of texts: the flood path. It does what the table's methods do,
 * on local variables, which the engine keeps in registers.
 */
function texts(table: TableReader, count: number): unknown[][] {
  const { numbers, text } = table;
  const calls: unknown[][] = [];
  let { next, cut } = table;
  let userId = "";
  for (let i = 0; i < count; i++) {
    const user = numbers[next++] as number;
    if (user !== same) userId = text.slice(cut, cut += user);
    const message = text.slice(cut, cut += numbers[next++] as number);
    calls.push([{ userId, message }]);
  }
  table.next = next;
  table.cut = cut;
  return calls;
}

function binaries(table: TableReader, count: number): unknown[][] {
  const calls: unknown[][] = [];
  let userId = "";
  for (let i = 0; i < count; i++) {
    const user = table.number();
    if (user !== same) userId = table.stringOf(user);
    calls.push([{ userId, message: table.bytes().buffer }]);
  }
  return calls;
}
