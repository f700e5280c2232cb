const SECOND_MS = 1_000;

let second = Number.NaN;
let beginning = "";

/** `new Date(ms).toISOString()`, of which a process asks many times a second: all but the milliseconds is kept. */
export function toIsoTime(ms: number): string {
  const since = Math.floor(ms / SECOND_MS);
  if (since !== second) {
    second = since;
    beginning = new Date(since * SECOND_MS).toISOString().slice(0, -"000Z".length);
  }
  const left = Math.trunc(ms - since * SECOND_MS);
  const padding = left < 10 ? "00" : left < 100 ? "0" : "";
  return `${beginning}${padding}${left}Z`;
}
