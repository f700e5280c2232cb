/** What `ScratchArray` can hold. */
type NumberArray = Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array;

/**
 * Working memory that is kept from one token to the next and grows when a larger vocabulary comes: a
 * fresh 1.2 MB for each token would cost more than reading it. The content is whatever the last user
 * left. Sampling is synchronous, so one array of each purpose serves a thread.
 */
export class ScratchArray<Numbers extends NumberArray> {
  readonly #create: (length: number) => Numbers;
  #numbers: Numbers;

  constructor(create: (length: number) => Numbers) {
    this.#create = create;
    this.#numbers = create(0);
  }

  /** An array of at least `length` entries. */
  take(length: number): Numbers {
    if (this.#numbers.length < length) this.#numbers = this.#create(length);
    return this.#numbers;
  }
}
