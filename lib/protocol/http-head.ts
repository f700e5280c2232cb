import type { IncomingHttpHeaders } from "node:http";

/** How the end of a body is told (RFC 9112 §6.3). */
export type Framing = { kind: "chunked" } | { kind: "length"; bytes: number } | { kind: "close" };

export type AnswerHead = {
  status: number;
  /** Under lower-case names; what came more than once is joined. */
  headers: IncomingHttpHeaders;
  framing: Framing;
  /** How long the other side keeps the connection, in milliseconds; 0: not at all; undefined: it does not say. */
  keepMs: number | undefined;
};

/** What came is not the HTTP/1.1 that was agreed on. */
export class BadAnswer extends Error {
  override readonly name = "BadAnswer";
}

/** Anything but visible characters, blanks, tabs and bytes above ASCII: a half line end, too. */
const UNSOUND = /[^\t\x20-\x7e\x80-\xff]/;
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: .*)?$/;
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const DIGITS = /^\d{1,15}$/;

/**
 * Reads the head of an answer. Strictly: where two readers might see different ends of a body, what one of
 * them takes for the next answer could be written by whoever wrote this one (RFC 9112 §11.1). So there is
 * one length or none, one transfer coding, no folded line, no bare line end.
 *
 * @param text latin1, without the empty line at its end.
 * @throws BadAnswer
 */
export function readHead(text: string): AnswerHead {
  const lines = text.split("\r\n");
  const [first = ""] = lines;
  const [, minor, code] = UNSOUND.test(first) ? [] : (STATUS_LINE.exec(first) ?? []);
  if (code === undefined) throw new BadAnswer("The status line is none of HTTP/1.1.");
  const headers: IncomingHttpHeaders = Object.create(null);
  for (let at = 1; at < lines.length; at++) addField(headers, lines[at] ?? "");
  const status = Number(code);
  const framing = framingOf(status, headers);
  const isKept = minor === "1" && framing.kind !== "close";
  return { status, headers, framing, keepMs: isKept ? keepMsOf(headers) : 0 };
}

/** @throws BadAnswer for what is no field line. */
export function checkField(line: string): void {
  if (UNSOUND.test(line) || !TOKEN.test(line.slice(0, Math.max(0, line.indexOf(":"))))) {
    throw new BadAnswer("A line of the head is no field.");
  }
}

function addField(headers: IncomingHttpHeaders, line: string): void {
  const colon = line.indexOf(":");
  const name = nameOf(line.slice(0, Math.max(0, colon)));
  if (UNSOUND.test(line)) throw new BadAnswer("The head has characters that no head may have.");
  const value = trimBlanks(line, colon + 1);
  const before = headers[name];
  if (before === undefined) headers[name] = value;
  else if (name === "content-length") throw new BadAnswer("The answer has two lengths.");
  else headers[name] = `${before}, ${value}`;
}

/** Names as they were sent, and in lower case: the same half a dozen come with every answer. */
const names = new Map<string, string>();
const NAMES_MAX = 256;

function nameOf(sent: string): string {
  const known = names.get(sent);
  if (known !== undefined) return known;
  if (!TOKEN.test(sent)) throw new BadAnswer("A line of the head is no field.");
  const name = sent.toLowerCase();
  if (names.size < NAMES_MAX) names.set(sent, name);
  return name;
}

/** By hand: an expression for blanks at the end takes the square of their number. */
function trimBlanks(line: string, from: number): string {
  let start = from;
  let end = line.length;
  while (start < end && isBlank(line.charCodeAt(start))) start += 1;
  while (end > start && isBlank(line.charCodeAt(end - 1))) end -= 1;
  return line.slice(start, end);
}

const isBlank = (code: number) => code === 32 || code === 9;

function framingOf(status: number, headers: IncomingHttpHeaders): Framing {
  const { "content-length": length, "transfer-encoding": coding } = headers;
  if (coding !== undefined) {
    if (length !== undefined) throw new BadAnswer("The answer has a length and a coding.");
    if (coding.toLowerCase() !== "chunked") throw new BadAnswer("The answer's coding is unknown.");
  }
  if (length !== undefined && !DIGITS.test(length)) {
    throw new BadAnswer("The answer's length is no number.");
  }
  if (status === 204 || status === 304 || status < 200) return { kind: "length", bytes: 0 };
  if (coding !== undefined) return { kind: "chunked" };
  return length === undefined ? { kind: "close" } : { kind: "length", bytes: Number(length) };
}

/** A second less than the other side waits: what is sent then must not meet its closing. */
const KEEP_MARGIN_MS = 1_000;

function keepMsOf({ connection, "keep-alive": hint }: IncomingHttpHeaders): number | undefined {
  if (connection !== undefined && connection.toLowerCase() !== "keep-alive") {
    const tokens = connection.toLowerCase().split(",");
    if (tokens.some((it) => it.trim() === "close")) return 0;
  }
  const seconds = typeof hint === "string" ? /timeout=(\d{1,9})/.exec(hint)?.[1] : undefined;
  return seconds === undefined ? undefined : Math.max(0, Number(seconds) * 1_000 - KEEP_MARGIN_MS);
}
