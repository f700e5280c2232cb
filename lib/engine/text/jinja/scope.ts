/** Names and what they stand for, in a loop's turn, a macro or the whole template. */
export class Scope {
  readonly #parent: Scope | undefined;
  readonly #values: Map<string, unknown>;

  constructor(parent?: Scope, values: Iterable<readonly [string, unknown]> = []) {
    this.#parent = parent;
    this.#values = new Map(values);
  }

  get(name: string): unknown {
    for (let scope: Scope | undefined = this; scope; scope = scope.#parent) {
      if (scope.#values.has(name)) return scope.#values.get(name);
    }
    return undefined;
  }

  /** In this scope alone: what a loop's turn sets is gone with it. */
  set(name: string, value: unknown): void {
    this.#values.set(name, value);
  }
}
