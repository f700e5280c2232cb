/**
 * One value a process, whatever module graph asks for it. Next compiles route handlers, the
 * instrumentation hook and the front server into graphs of their own, each with its own copy of every
 * module; a pool or a counter that must be shared therefore lives on globalThis.
 */
export function processSingleton<T>(name: string, create: () => T): T {
  const key = Symbol.for(`parley.${name}`);
  const store = globalThis as unknown as Record<symbol, T | undefined>;
  const existing = store[key];
  if (existing !== undefined) return existing;
  const made = create();
  store[key] = made;
  return made;
}
