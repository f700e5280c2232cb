import { toIsoTime } from "./iso-time";

/** Values of a line; undefined ones are left out. */
export type LineFields = Record<string, string | number | undefined>;

export type LineSink = { write(line: string): void };

const LEVELS = { debug: 20, info: 30 } as const;

/** What JSON writes otherwise than as it is. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON escapes these.
const ESCAPED = /["\\\u0000-\u001f\u007f-\uffff]/;

/**
 * Lines that each request has: texts and numbers alone, in the form of the process's log. What pino does for
 * any value at all (serializers, redaction, its own look at each) takes 4 µs a line of twenty fields, this 1.
 */
export class LineLog {
  readonly #sink: LineSink;
  readonly #least: number;
  readonly #base: string;

  /** @param least number of the least level that is written, in pino's numbers. */
  constructor(sink: LineSink, { least, pid }: { least: number; pid: number }) {
    this.#sink = sink;
    this.#least = least;
    this.#base = `"pid":${pid}`;
  }

  /** @param more stands behind `fields`, of other names: to join them would take as long as to write them. */
  debug(fields: LineFields, message: string, more?: LineFields): void {
    if (this.#least <= LEVELS.debug) this.#write(LEVELS.debug, fields, more, message);
  }

  /** @param more as in `debug` */
  info(fields: LineFields, message: string, more?: LineFields): void {
    if (this.#least <= LEVELS.info) this.#write(LEVELS.info, fields, more, message);
  }

  #write(level: number, fields: LineFields, more: LineFields | undefined, message: string): void {
    const head = `{"level":${level},"time":"${toIsoTime(Date.now())}",${this.#base}`;
    const rest = more === undefined ? "" : tell(more);
    this.#sink.write(`${head}${tell(fields)}${rest},"msg":${quote(message)}}\n`);
  }
}

function tell(fields: LineFields): string {
  let told = "";
  for (const name in fields) {
    const value = fields[name];
    if (value === undefined) continue;
    told += `,"${name}":${typeof value === "number" ? tellNumber(value) : quote(value)}`;
  }
  return told;
}

function tellNumber(value: number): string {
  return Number.isFinite(value) ? String(value) : "null";
}

function quote(text: string): string {
  return ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`;
}
