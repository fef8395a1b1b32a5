/**
 * Runs tasks one by one, each in a turn of the event loop of its own, in the
 * order in which they came. Not by setTimeout, which browsers slow down to one
 * a second or minute in pages that are not seen. Unbounded: a task is a frame's
 * worth of events, and frames are bounded by what the socket brings.
 */
const waiting: (() => void)[] = [];
let taken = 0;
let wake: (() => void) | undefined;
/** Tasks of the turn that runs; undefined outside of turns. */
let held: (() => void)[] | undefined;

export function macrotask(task: () => void): void {
  if (held !== undefined) held.push(task);
  else queue(task);
}

function queue(task: () => void): void {
  waiting.push(task);
  (wake ??= wakener())();
}

/** Runs task after the tasks that wait already: at once when there are none. */
export function inOrder(task: () => void): void {
  if (waiting.length === 0 && (held?.length ?? 0) === 0) task();
  else macrotask(task);
}

/**
 * Does work that began a turn of the event loop, such as a socket's message. If
 * it queues one task and nothing waits before that, the task runs in the same
 * turn, when work is done: under a flood another turn for every frame is half of
 * what a frame costs. alone says, after the work, whether that is allowed: not
 * when a promise was settled, whose reactions come first.
 */
export function turn(work: () => void, alone: () => boolean): void {
  if (held !== undefined || waiting.length > 0) {
    work();
    return;
  }
  const tasks: (() => void)[] = held = [];
  try {
    work();
  } finally {
    held = undefined;
    if (tasks.length === 1 && alone()) tasks[0]?.();
    else tasks.forEach(queue);
  }
}

function next(): void {
  const task = waiting[taken++];
  if (taken === waiting.length) {
    waiting.length = taken = 0;
  } else if (taken === 1024) {
    waiting.splice(0, taken);
    taken = 0;
  }
  task?.();
}

/** Chosen at the first use: importing the package makes no channel. */
function wakener(): () => void {
  const immediate: unknown = Reflect.get(globalThis, "setImmediate");
  if (typeof immediate === "function" && typeof MessageChannel !== "undefined" && isNode()) {
    // Keeps the process alive for the task, and no longer.
    return () => void immediate(next);
  }
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = next;
  return () => port2.postMessage(0);
}

function isNode(): boolean {
  const process: unknown = Reflect.get(globalThis, "process");
  return typeof process === "object" && process !== null && "versions" in process &&
    typeof process.versions === "object" && process.versions !== null && "node" in process.versions;
}
