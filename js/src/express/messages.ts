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
    const list: unknown[] = new Array(count);
    const many = event === broadcast || event === barrage;
    let userID = "", userName = "";
    for (let i = 0; i < count; i++) {
      const length = table.number();
      if (length !== same) {
        userID = table.stringOf(length);
        const name = table.number();
        userName = name === same ? userID : table.stringOf(name);
      }
      const fromUser = { userID, userName };
      if (event === broadcast) {
        const sendTime = table.number(), messageID = table.number();
        list[i] = { fromUser, message: table.string(), sendTime, messageID };
      } else if (event === barrage) {
        const sendTime = table.number(), messageID = table.string();
        list[i] = { fromUser, message: table.string(), sendTime, messageID };
      } else if (event === command) {
        list[i] = [roomID, fromUser, commandOf(table)];
      } else {
        list[i] = [roomID, { sendUser: fromUser, content: table.bytes() }];
      }
    }
    const name = names[event] ?? names[0];
    if (many) emitter.emitAll(name, [[roomID, list]]);
    else emitter.emitAll(name, list as unknown[][]);
  }
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
