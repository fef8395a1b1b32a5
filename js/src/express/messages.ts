import type { TableReader } from "../bridge/table.js";
import type { MessageEvent, Unheard } from "../unheard.js";
import type { Emitter } from "./emitter.js";

/** Events that messages become; receive.go has the same numbers and calls. */
const events = [
  eventOf("IMRecvBroadcastMessage", "a broadcast message", "roomID, chatData"),
  eventOf("IMRecvBarrageMessage", "a barrage message", "roomID, messageInfo"),
  eventOf("IMRecvCustomCommand", "a custom command", "roomID, fromUser, command"),
  eventOf("recvRoomTransparentMessage", "a transparent message", "roomID, message"),
] as const;

function eventOf(name: string, what: string, args: string): MessageEvent {
  return { name, what, call: `zg.on('${name}', (${args}) => { … })` };
}

const broadcast = 0, barrage = 1, command = 2;

/** Formats of a command. */
const asJSON = 1, asBytes = 2;

/** A sender that is the one before, a name that is the user id. */
const same = -1;

/** Tells the listeners of one frame's messages (receive.go says what stands in the table). */
export function tellMessages(table: TableReader, emitter: Emitter, unheard: Unheard): void {
  while (!table.done) {
    const kind = table.number();
    const roomID = table.string();
    const count = table.number();
    const event = events[kind] ?? events[broadcast];
    const calls = kind === broadcast ? [[roomID, broadcasts(table, count)]] : callsOf(table, kind, roomID, count);
    if (!emitter.emitAll(event.name, calls)) unheard.warn(event, roomID, events, (name) => emitter.heard(name));
  }
}

/** Reads a group of anything else, as the calls of a listener. */
function callsOf(table: TableReader, kind: number, roomID: string, count: number): unknown[][] {
  const list: unknown[] = [];
  let userID = "", userName = "";
  for (let i = 0; i < count; i++) {
    const length = table.number();
    if (length !== same) {
      userID = table.stringOf(length);
      const name = table.number();
      userName = name === same ? userID : table.stringOf(name);
    }
    const fromUser = { userID, userName };
    if (kind === barrage) {
      const sendTime = table.number(), messageID = table.string();
      list[i] = { fromUser, message: table.string(), sendTime, messageID };
    } else if (kind === command) {
      list[i] = [roomID, fromUser, commandOf(table)];
    } else {
      list[i] = [roomID, { sendUser: fromUser, content: table.bytes() }];
    }
  }
  return kind === barrage ? [[roomID, list]] : list as unknown[][];
}

/**
 * Reads a group of broadcasts: the flood path. It does what the table's methods
 * do, on local variables, which the engine keeps in registers.
 */
function broadcasts(table: TableReader, count: number): unknown[] {
  const { numbers, text } = table;
  const list: unknown[] = [];
  let { next, cut } = table;
  let userID = "", userName = "";
  for (let i = 0; i < count; i++) {
    const user = numbers[next++] as number;
    if (user !== same) {
      userID = text.slice(cut, cut += user);
      const name = numbers[next++] as number;
      userName = name === same ? userID : text.slice(cut, cut += name);
    }
    const sendTime = numbers[next++] as number, messageID = numbers[next++] as number;
    const message = text.slice(cut, cut += numbers[next++] as number);
    list.push({ fromUser: { userID, userName }, message, sendTime, messageID });
  }
  table.next = next;
  table.cut = cut;
  return list;
}

function commandOf(table: TableReader): unknown {
  const format = table.number();
  if (format === asBytes) return table.bytes();
  const text = table.string();
  if (format !== asJSON) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch { // from a sender that did not keep its word
    return text;
  }
}
