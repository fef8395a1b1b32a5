import type { TableReader } from "../bridge/table.js";

/** Events that messages become; receive.go has the same numbers. The odd ones are bytes. */
const names = [
  "onRoomMessageReceived", "onRoomBinaryMessageReceived", "onUserMessageReceived", "onUserBinaryMessageReceived",
  "onUserMessageReceivedOutsideRoom", "onUserBinaryMessageReceivedOutsideRoom",
] as const;

/** A sender that is the one before. */
const same = -1;

/** Tells of one frame's messages (receive.go says what stands in the table): one event, the arguments of each call. */
export function tellMessages(table: TableReader, tell: (event: string, calls: unknown[][]) => void): void {
  while (!table.done) {
    const event = table.number(), count = table.number();
    const name = names[event] ?? names[0];
    tell(name, event % 2 === 0 ? texts(table, count) : binaries(table, count));
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
