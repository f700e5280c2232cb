import { type Kwargs, typeOf } from "./values";

/** The arguments of a call by their place or their name, with what they are to be. */
export class Arguments {
  readonly #args: readonly unknown[];
  readonly #kwargs: Kwargs;

  constructor(args: readonly unknown[], kwargs: Kwargs) {
    this.#args = args;
    this.#kwargs = kwargs;
  }

  /** Undefined where it is not given. */
  any(place: number, name?: string): unknown {
    if (place < this.#args.length) return this.#args[place];
    return name === undefined ? undefined : this.#kwargs.get(name);
  }

  isGiven(place: number, name: string): boolean {
    return place < this.#args.length || this.#kwargs.has(name);
  }

  text(place: number, name?: string): string {
    const value = this.any(place, name);
    if (typeof value === "string") return value;
    throw new Error(`argument ${name ?? place + 1} is to be a text and is ${typeOf(value)}`);
  }

  /** None is the same as nothing given. */
  textOr<T>(other: T, place: number, name?: string): string | T {
    return (this.any(place, name) ?? undefined) === undefined ? other : this.text(place, name);
  }

  integerOr<T>(other: T, place: number, name?: string): number | T {
    const value = this.any(place, name) ?? undefined;
    if (value === undefined) return other;
    if (typeof value === "number" && Number.isInteger(value)) return value;
    if (typeof value === "boolean") return Number(value);
    throw new Error(`argument ${name ?? place + 1} is to be an integer and is ${typeOf(value)}`);
  }

  get rest(): readonly unknown[] {
    return this.#args;
  }

  get named(): Kwargs {
    return this.#kwargs;
  }

  /** Those after the first ones, for what takes them. */
  after(count: number): Arguments {
    return new Arguments(this.#args.slice(count), this.#kwargs);
  }
}
