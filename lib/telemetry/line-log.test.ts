import pino from "pino";
import { expect, test } from "vitest";
import { toIsoTime } from "./iso-time";
import { LineLog } from "./line-log";

const fields = {
  requestId: "a-1",
  path: '/v1/models/"quoted"\\\u2028\n',
  half: "\ud83d",
  name: "Grüße 😀",
  status: 200,
  ms: 1.5,
  broken: Number.NaN,
  stream: undefined,
};

test("a line is what the process's own log would write", () => {
  const ours: string[] = [];
  const theirs: string[] = [];
  const lines = new LineLog({ write: (it) => void ours.push(it) }, { least: 20, pid: 7 });
  const timestamp = pino.stdTimeFunctions.isoTime;
  const log = pino(
    { level: "debug", base: { pid: 7 }, timestamp },
    { write: (it: string) => theirs.push(it) },
  );
  lines.info(fields, "request");
  log.info(fields, "request");
  lines.debug({}, "quiet");
  log.debug({}, "quiet");
  const read = (line = "") => ({ ...JSON.parse(line), time: "then" });
  expect(ours.map(read)).toEqual(theirs.map(read));
  expect(ours.every((line) => line.endsWith("}\n") && line.split("\n").length === 2)).toBe(true);
});

test("what is below the least level is not written", () => {
  const written: string[] = [];
  const sink = { write: (it: string) => void written.push(it) };
  new LineLog(sink, { least: 30, pid: 7 }).debug({}, "quiet");
  new LineLog(sink, { least: Number.POSITIVE_INFINITY, pid: 7 }).info({}, "request");
  expect(written).toEqual([]);
});

test("a time is told as a Date tells it", () => {
  for (const ms of [
    0, 999, 1_000, 1_700_000_000_007, 1_700_000_000_077, 1_700_000_000_777.4, 1_699_999_999_999,
  ]) {
    expect(toIsoTime(ms)).toBe(new Date(ms).toISOString());
  }
});
