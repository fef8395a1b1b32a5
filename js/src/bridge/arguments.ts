/** The tags of package page's values. */
const tag = {
  undefined: 0, null: 1, false: 2, true: 3, number: 4, string: 5, bytes: 6, array: 7, object: 8, json: 9, other: 10,
} as const;

/** Nesting beyond this crosses as "other"; package page refuses more. */
const maxDepth = 7;

const encoder = new TextEncoder();

/** An object of which only the JSON text matters. */
export class JSONText {
  constructor(readonly text: string) {}
}

/**
 * Encodes the arguments of a call for Go (package page, DecodeValues). The
 * result is a snapshot: what the caller does to its objects later is not seen.
 */
export function encodeArguments(values: readonly unknown[]): Uint8Array {
  const writer = new Writer();
  for (const value of values) writer.value(value, maxDepth);
  return writer.taken();
}

class Writer {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #used = 0;

  taken(): Uint8Array {
    return this.#bytes.subarray(0, this.#used);
  }

  value(value: unknown, depth: number): void {
    switch (typeof value) {
      case "undefined":
        return this.#tag(tag.undefined);
      case "boolean":
        return this.#tag(value ? tag.true : tag.false);
      case "number":
        this.#tag(tag.number);
        this.#room(8);
        this.#view.setFloat64(this.#used, value, true);
        this.#used += 8;
        return;
      case "string":
        this.#tag(tag.string);
        return this.#text(value);
      case "object":
        if (value === null) return this.#tag(tag.null);
        return this.#object(value, depth);
      default:
        return this.#tag(tag.other);
    }
  }

  #object(value: object, depth: number): void {
    if (value instanceof JSONText) {
      this.#tag(tag.json);
      return this.#text(value.text);
    }
    if (value instanceof Uint8Array) {
      this.#tag(tag.bytes);
      return this.#run(value);
    }
    if (depth === 0) return this.#tag(tag.other);
    if (Array.isArray(value)) {
      this.#tag(tag.array);
      this.#length(value.length);
      // By index: a hole is an undefined.
      for (let i = 0; i < value.length; i++) this.value(value[i], depth - 1);
      return;
    }
    const entries = Object.entries(value);
    this.#tag(tag.object);
    this.#length(entries.length);
    for (const [name, field] of entries) {
      this.#text(name);
      this.value(field, depth - 1);
    }
  }

  #tag(value: number): void {
    this.#room(1);
    this.#bytes[this.#used++] = value;
  }

  #length(n: number): void {
    this.#room(4);
    this.#view.setUint32(this.#used, n, true);
    this.#used += 4;
  }

  #text(text: string): void {
    this.#room(4 + text.length * 3);
    const { written } = encoder.encodeInto(text, this.#bytes.subarray(this.#used + 4));
    this.#length(written);
    this.#used += written;
  }

  #run(bytes: Uint8Array): void {
    this.#length(bytes.length);
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  #room(n: number): void {
    if (this.#used + n <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#used + n, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#used));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}
