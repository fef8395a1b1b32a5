/**
 * Reads a table of messages (package page, Table) in the order in which Go put
 * it. It is good only during the call that brought it.
 */
export class TableReader {
  /** Index of the next number, and of the next text in {@link text}. */
  next = 0;
  cut = 0;
  #eaten = 0;

  constructor(
    readonly numbers: Float64Array,
    readonly text: string,
    readonly blob: Uint8Array,
  ) {}

  get done(): boolean {
    return this.next >= this.numbers.length;
  }

  number(): number {
    return this.numbers[this.next++] ?? 0;
  }

  string(): string {
    return this.stringOf(this.number());
  }

  /** The next string, of a length that was read already. */
  stringOf(length: number): string {
    const start = this.cut;
    this.cut += length;
    return this.text.slice(start, this.cut);
  }

  /** A copy of the next run of bytes. */
  bytes(): Uint8Array {
    const start = this.#eaten;
    this.#eaten += this.number();
    return this.blob.slice(start, this.#eaten);
  }
}
