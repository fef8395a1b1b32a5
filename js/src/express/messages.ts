import type { TableReader } from "../bridge/table.js";
import type { Emitter } from "./emitter.js";

/** Events that messages become; receive.go has the same numbers. */
const names = ["IMRecvBroadcastMessage", "IMRecvBarrageMessage", "IMRecvCustomCommand", "recvRoomTransparentMessage"] as const;
const broadcast = 0, barrage = 1, command = 2;

/** Formats of a command. */
const asJSON = 1, asBytes = 2;

/** A sender that is the one before, a name that is the user id. */
const same = -1;

/** Tells the listeners of one frame's messages (receive.go says what stands in the table). */
export function tellMessages(table: TableReader, emitter: Emitter): void {
  while (!table.done) {
    const event = table.number();
    const roomID = table.string();
    const count = table.number();
    if (event === broadcast) {
      emitter.emitAll(names[broadcast], [[roomID, broadcasts(table, count)]]);
      continue;
    }
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
      if (event === barrage) {
        const sendTime = table.number(), messageID = table.string();
        list[i] = { fromUser, message: table.string(), sendTime, messageID };
      } else if (event === command) {
        list[i] = [roomID, fromUser, commandOf(table)];
      } else {
        list[i] = [roomID, { sendUser: fromUser, content: table.bytes() }];
      }
    }
    const name = names[event] ?? names[0];
    if (event === barrage) emitter.emitAll(name, [[roomID, list]]);
    else emitter.emitAll(name, list as unknown[][]);
  }
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
