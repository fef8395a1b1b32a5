// Runs by itself: every client of the query's list is flooded and measured, and
// each result is posted. ?clients=parley,raw,centrifuge58&per=64
import { Centrifuge as Centrifuge57 } from 'centrifuge57';
import { Centrifuge as Centrifuge58 } from 'centrifuge58';

const sizes = [1_000_000, 300_000, 100_000, 30_000, 10_000];
const warmUp = sizes.at(-1);

/**
 * A browser that has just started is busy with itself for some two seconds, on
 * the cores that are measured.
 */
const settleMS = 3000;

/**
 * An application's listener: it reads every field of every message, and checks
 * order and content.
 */
class Tally {
  #wanted;
  #count = 0;
  #wrong = 0;
  #sum = 0;
  #first = 0;
  #finish;
  finished = new Promise((resolve) => { this.#finish = resolve; });

  constructor(wanted) { this.#wanted = wanted; }

  hear(roomID, userID, message, sendTime, messageID) {
    if (this.#count === 0) this.#first = performance.now();
    this.#sum += messageID + (sendTime % 2) + message.length + userID.length + roomID.length;
    if (messageID !== this.#count + 1 || message.charCodeAt(0) !== 104 || userID.charCodeAt(0) !== 117) this.#wrong++;
    this.#count++;
    this.#end();
  }

  /** Counts messages that nobody reads. */
  pass(messages) {
    if (this.#count === 0) this.#first = performance.now();
    this.#count = Math.min(this.#count + messages, this.#wanted);
    this.#end();
  }

  #end() {
    if (this.#count === this.#wanted) {
      const seconds = (performance.now() - this.#first) / 1000;
      this.#finish({
        messages: this.#wanted,
        perSecond: (this.#wanted - 1) / seconds,
        wrong: this.#wrong,
        sum: this.#sum, // keeps the reads from being optimized away
      });
    }
  }
}

const wsBase = `ws://${location.host}/flood`;

function centrifuge(Client) {
  return async (tally, per, n) => {
    const client = new Client(`${wsBase}/centrifuge?per=${per}&n=${n}`);
    const channel = client.newSubscription('room-general');
    channel.on('publication', ({ data }) => {
      tally.hear(data.roomID, data.fromUser.userID, data.message, data.sendTime, data.messageID);
    });
    channel.subscribe();
    client.connect();
    const result = await tally.finished;
    client.disconnect();
    return result;
  };
}

const clients = {
  async parley(tally, per, n) {
    Parley.configure({ server: `${wsBase}/parley` });
    const engine = new ZegoExpressEngine(1000000001, '');
    const room = `flood-${per}-${n}`;
    engine.on('IMRecvBroadcastMessage', (roomID, messages) => {
      for (const m of messages) tally.hear(roomID, m.fromUser.userID, m.message, m.sendTime, m.messageID);
    });
    await engine.loginRoom(room, 'flood', { userID: 'page', userName: 'page' });
    const result = await tally.finished;
    engine.logoutRoom(room);
    engine.destroyEngine();
    return result;
  },
  async raw(tally, per, n) {
    const socket = new WebSocket(`${wsBase}/raw?per=${per}&n=${n}`);
    socket.onmessage = per === 1
      ? ({ data }) => {
        const m = JSON.parse(data);
        tally.hear(m.roomID, m.fromUser.userID, m.message, m.sendTime, m.messageID);
      }
      : ({ data }) => {
        for (const m of JSON.parse(data)) tally.hear(m.roomID, m.fromUser.userID, m.message, m.sendTime, m.messageID);
      };
    const result = await tally.finished;
    socket.close();
    return result;
  },
  // No client at all: what the browser takes to hand over Parley's frames.
  async frames(tally, per, n) {
    const socket = new WebSocket(`${wsBase}/frames?per=${per}&n=${n}`);
    socket.binaryType = 'arraybuffer';
    socket.onmessage = () => tally.pass(per);
    const result = await tally.finished;
    socket.close();
    return result;
  },
  centrifuge57: centrifuge(Centrifuge57),
  centrifuge58: centrifuge(Centrifuge58),
};

const post = (result) => fetch('/result', { method: 'POST', body: JSON.stringify(result) });

/** Rejects when a client gets stuck, so that the others still have their turn. */
function within(ms, promise) {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`nothing after ${ms} ms`)), ms); });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function measure(client, perFrame) {
  const run = (n) => within(30_000, clients[client](new Tally(n), perFrame, n));
  const warm = await run(warmUp);
  const n = sizes.find((size) => size <= warm.perSecond * 1.5) ?? warmUp;
  return { client, perFrame, ...(await run(n)) };
}

const describe = (error) => (error instanceof Error ? error.message : JSON.stringify(error));

async function main() {
  const query = new URLSearchParams(location.search);
  await new Promise((resolve) => setTimeout(resolve, settleMS));
  for (const client of query.get('clients').split(',')) {
    for (const per of query.get('per').split(',').map(Number)) {
      await post(await measure(client, per).catch((error) => ({ client, perFrame: per, error: describe(error) })));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

main().then(() => post({ done: true }), (error) => post({ done: true, error: describe(error) }));
