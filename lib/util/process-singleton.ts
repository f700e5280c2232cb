/** Of all copies of this module in the process. */
const KEY = Symbol.for("parley.singletons");

/**
 * One value a process, whatever module graph asks for it. Next compiles route handlers, the
 * instrumentation hook and the front server into graphs of their own, each with its own copy of every
 * module; a pool or a counter that must be shared therefore lives on globalThis. One symbol for all of them:
 * `Symbol.for` with each look-up was a hundredth of a short request's time.
 */
export function processSingleton<T>(name: string, create: () => T): T {
  const existing = singletons.get(name);
  // Whoever asks by this name has made it by the same module's function.
  if (existing !== undefined) return existing as T;
  const made = create();
  singletons.set(name, made);
  return made;
}

const singletons = sharedMap();

function sharedMap(): Map<string, unknown> {
  // The symbol is ours alone, so that what lies there is this map.
  const store = globalThis as unknown as Record<symbol, Map<string, unknown> | undefined>;
  const shared = store[KEY] ?? new Map<string, unknown>();
  store[KEY] = shared;
  return shared;
}
