// Enough of the protocol, by hand, to be a server in a test
// (internal/wire/parley.proto).

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function varint(n) {
  const bytes = [];
  let v = BigInt(n);
  for (; v >= 128n; v >>= 7n) bytes.push(Number(v & 127n) | 128);
  bytes.push(Number(v));
  return bytes;
}

/** Encodes [number, value] fields: numbers as varints, strings and bytes as runs. */
export function message(...fields) {
  const bytes = [];
  for (const [number, value] of fields) {
    if (typeof value === "number" || typeof value === "bigint") {
      bytes.push(...varint(number << 3), ...varint(value));
      continue;
    }
    const run = typeof value === "string" ? encoder.encode(value) : value;
    bytes.push(...varint((number << 3) | 2), ...varint(run.length), ...run);
  }
  return Uint8Array.from(bytes);
}

/** A frame of [id, kind, body] envelopes. */
export function frame(...envelopes) {
  return message(...envelopes.map(([id, kind, body]) => [1, message(...(id === 0 ? [] : [[1, id]]), [kind, body])]));
}

/** Decodes a message into [number, value] fields; runs stay bytes. */
export function fields(bytes) {
  const found = [];
  let at = 0;
  const take = () => {
    let v = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const b = bytes[at++];
      v |= BigInt(b & 127) << shift;
      if (b < 128) return Number(v);
    }
  };
  while (at < bytes.length) {
    const key = take();
    const value = take();
    if ((key & 7) === 0) found.push([key >> 3, value]);
    else found.push([key >> 3, bytes.subarray(at, at += value)]);
  }
  return found;
}

/** Decodes a frame into {id, kind, body} envelopes. */
export function envelopes(bytes) {
  return fields(bytes).map(([, envelope]) => {
    const parts = fields(envelope);
    const id = parts.find(([number]) => number === 1)?.[1] ?? 0;
    const [kind, body] = parts.find(([number]) => number !== 1);
    return { id, kind, body };
  });
}

export const text = (bytes) => decoder.decode(bytes);

export const kind = {
  roomMessage: 2, publish: 3, published: 4, done: 7, refusal: 8,
  hello: 16, join: 17, leave: 18, bye: 21, listen: 22, explain: 23, diagnose: 24, handled: 25,
  sendDirect: 26, setBusinessServer: 27, businessQuestion: 28,
  welcome: 32, joined: 33, removed: 37, explained: 42, diagnosed: 43, direct: 44, businessAnswer: 46,
};
