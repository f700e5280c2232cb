/** A mark on the object itself: server and routes are two bundles, each with this module of its own. */
const FOR_NODE = Symbol.for("parley.node-headers");

type NodeHeaders = Record<string, string | string[] | undefined>;

/** Members of Headers that are answered by a real one, made when one of them is first used. */
const OTHERS = [
  "append",
  "delete",
  "entries",
  "forEach",
  "getSetCookie",
  "keys",
  "values",
] as const;

/**
 * Headers kept as Node has them, under lower-case names. A `Headers` of Node 20 checks and copies each
 * name and value, twice for every request and answer; here that happens only where more is asked of it
 * than `get`, `has` and `set`.
 */
class LightHeaders {
  #values: NodeHeaders;
  #real: Headers | undefined;

  constructor(values: NodeHeaders) {
    this.#values = values;
  }

  get(name: string): string | null {
    if (this.#real) return this.#real.get(name);
    const key = name.toLowerCase();
    const value = Object.hasOwn(this.#values, key) ? this.#values[key] : undefined;
    if (value === undefined) return null;
    return typeof value === "string" ? value : value.join(", ");
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }

  set(name: string, value: string): void {
    if (this.#real) this.#real.set(name, value);
    else this.#values[name.toLowerCase()] = String(value);
  }

  get real(): Headers {
    if (this.#real) return this.#real;
    this.#real = new Headers();
    for (const [name, value] of Object.entries(this.#values)) {
      for (const one of [value].flat()) if (one !== undefined) this.#real.append(name, one);
    }
    return this.#real;
  }

  /** As Node writes them. */
  get [FOR_NODE](): NodeHeaders {
    return this.#real ? toNodeHeaders(this.#real) : this.#values;
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.real[Symbol.iterator]();
  }
}

for (const name of OTHERS) {
  Object.defineProperty(LightHeaders.prototype, name, {
    value(this: LightHeaders, ...words: never[]) {
      // Whatever the method, it is called with what its caller gave.
      return (this.real[name] as (...words: never[]) => unknown)(...words);
    },
  });
}
Object.setPrototypeOf(LightHeaders.prototype, Headers.prototype);

/** @param values under lower-case names; they are taken over and not copied. */
export function lightHeaders(values: NodeHeaders): Headers {
  // Every member of Headers is one of the class or of OTHERS, so that it is one to whoever uses it.
  return new LightHeaders(values) as unknown as Headers;
}

/** A copy to add to. */
export function copyHeaders(given: HeadersInit | undefined): Headers {
  if (given === undefined) return lightHeaders({});
  const ours = nodeHeadersOf(given);
  if (ours) return lightHeaders({ ...ours });
  const pairs = given instanceof Headers || Array.isArray(given) ? given : Object.entries(given);
  const copy = lightHeaders({});
  for (const [name, value] of pairs) {
    // Only cookies are set more than once.
    if (name?.toLowerCase() === "set-cookie") copy.append(name, value ?? "");
    else copy.set(name ?? "", value ?? "");
  }
  return copy;
}

/** Any headers as Node writes them: names in lower case, cookies one by one. */
export function toNodeHeaders(headers: Headers): NodeHeaders {
  const ours = nodeHeadersOf(headers);
  if (ours) return ours;
  const values: Record<string, string | string[]> = {};
  for (const [name, value] of headers) {
    const before = values[name];
    values[name] = before === undefined ? value : [before, value].flat();
  }
  return values;
}

function nodeHeadersOf(headers: HeadersInit): NodeHeaders | undefined {
  // The mark is ours alone, so that what lies there is the class's own.
  return (headers as { [FOR_NODE]?: NodeHeaders })[FOR_NODE];
}
