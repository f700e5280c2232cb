// Loaded with --import before a program: its calendar runs FLEET_CLOCK_SHIFT_MS beside the machine's. Clocks
// that only go forward (performance.now, timers) are left alone, as on a machine whose date is wrong.
const shiftMs = Number(process.env.FLEET_CLOCK_SHIFT_MS ?? 0);
const RealDate = Date;
const now = () => RealDate.now() + shiftMs;

globalThis.Date = new Proxy(RealDate, {
  apply: () => new RealDate(now()).toString(),
  construct: (target, values, newTarget) =>
    Reflect.construct(target, values.length === 0 ? [now()] : values, newTarget),
  get: (target, name) => (name === "now" ? now : Reflect.get(target, name)),
});
