/**
 * Goal: every request gets its own results, soon, whoever else asks.
 * Method: a graph that answers with the text's first id, one pass at a time, when the test says so.
 */
import { setMaxListeners } from "node:events";
import { expect, test } from "vitest";
import { ENCODER_REQUESTS_MAX, ENCODER_WAITING_TOKENS_MAX } from "@/lib/limits";
import { seededRandom } from "@/lib/util/random";
import { EncoderLoop } from "./encoder-loop";
import { PASS_TOKENS_MAX } from "./plan-pass";
import type { EncodedText } from "./special-tokens";

const never = new AbortController().signal;
setMaxListeners(0, never);
const toText = (id: number, length: number): EncodedText => ({
  ids: Array.from({ length }, () => id),
});
const answer = (texts: readonly EncodedText[]) =>
  texts.map(({ ids }) => Float64Array.of(ids[0] ?? -1));

function createLoop(rowsMax?: number, stop?: () => void) {
  const passes: { texts: readonly EncodedText[]; end(error?: Error): void }[] = [];
  const loop = new EncoderLoop({
    run: (texts) =>
      new Promise((resolve, reject) => {
        const end = (error?: Error) => (error ? reject(error) : resolve(answer(texts)));
        passes.push({ texts, end });
      }),
    ...(rowsMax === undefined ? {} : { rowsMax }),
    ...(stop ? { stop } : {}),
  });
  const nextPass = async () => {
    while (passes.length === 0) await new Promise((resolve) => setImmediate(resolve));
    return passes.shift()!;
  };
  return { loop, passes, nextPass };
}

test("results come in the order of the texts, whatever shared their passes", async () => {
  const seed = 3;
  const random = seededRandom(seed);
  let tokensMost = 0;
  const loop = new EncoderLoop({
    run: async (texts) => {
      const longest = Math.max(...texts.map((it) => it.ids.length));
      tokensMost = Math.max(tokensMost, longest * texts.length);
      return answer(texts);
    },
  });
  const requests = Array.from({ length: 20 }, (_, request) =>
    Array.from({ length: 1 + Math.floor(random() * 30) }, (_, at) =>
      toText(100 * request + at, 1 + Math.floor(random() * 100)),
    ),
  );
  const results = await Promise.all(requests.map((texts) => loop.run(texts, never)));
  for (const [at, texts] of requests.entries()) {
    expect(
      results[at]?.map((it) => it[0]),
      `seed ${seed}`,
    ).toEqual(texts.map((it) => it.ids[0]));
  }
  expect(tokensMost).toBeLessThanOrEqual(PASS_TOKENS_MAX);
  expect(loop.jobCount).toBe(0);
});

test("one text waits for the pass under way and not for two thousand", async () => {
  const { loop, nextPass } = createLoop();
  const many = loop.run(
    Array.from({ length: 2_000 }, () => toText(1, 50)),
    never,
  );
  const first = await nextPass();
  const one = loop.run([toText(2, 3)], never);
  first.end();
  const second = await nextPass();
  expect(second.texts[0]?.ids[0]).toBe(2);
  second.end();
  expect((await one)[0]?.[0]).toBe(2);
  const third = await nextPass();
  const settled = many.catch((error: unknown) => error);
  const closing = loop.close();
  third.end();
  expect(await settled).toMatchObject({ code: "worker-lost" });
  await closing;
  await expect(loop.run([toText(1, 1)], never)).rejects.toMatchObject({ code: "worker-lost" });
});

test("requests that come later do not starve one that came before", async () => {
  const { loop, nextPass } = createLoop();
  let isDone = false;
  const patient = loop.run([toText(1, 200), toText(1, 200), toText(1, 200)], never);
  void patient.then(() => {
    isDone = true;
  });
  for (let round = 0; round < 20 && !isDone; round++) {
    void loop.run([toText(2, 100)], never);
    (await nextPass()).end();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(isDone).toBe(true);
});

test("too much that waits is refused; whoever comes first never is", async () => {
  const { loop, nextPass } = createLoop();
  const texts = [toText(1, ENCODER_WAITING_TOKENS_MAX), toText(1, 9)];
  const huge = loop.run(texts, never);
  const first = await nextPass();
  // A few tokens each: together they are far from the tokens' own limit.
  const others = Array.from({ length: ENCODER_REQUESTS_MAX - 1 }, () =>
    loop.run([toText(2, 4)], never),
  );
  const late = loop.run([toText(3, 4)], never);
  await expect(late).rejects.toMatchObject({ code: "overloaded", retryAfterSeconds: 2 });
  first.end();
  for (let pass = await nextPass(); ; pass = await nextPass()) {
    pass.end();
    if (pass.texts.some((it) => it.ids.length === 9)) break;
  }
  expect(await huge).toHaveLength(2);
  await Promise.all(others);
  const again = loop.run([toText(1, 2), toText(1, ENCODER_WAITING_TOKENS_MAX)], never);
  void again.catch(() => undefined);
  await nextPass();
  const more = loop.run([toText(1, ENCODER_WAITING_TOKENS_MAX)], never);
  await expect(more).rejects.toMatchObject({ code: "overloaded" });
});

test("a pass that fails is told to those in it, and the others go on", async () => {
  const { loop, nextPass } = createLoop(1);
  const broken = loop.run([toText(1, 9), toText(1, 8)], never);
  const whole = loop.run([toText(2, 5)], never);
  const settled = broken.catch((error: unknown) => error);
  const cause = new Error("out of memory, say");
  (await nextPass()).end(cause);
  expect(await settled).toBe(cause);
  (await nextPass()).end();
  expect((await whole)[0]?.[0]).toBe(2);
  expect(loop.jobCount).toBe(0);
});

test("a text that cannot be read fails its own request and nobody else's in the pass", async () => {
  const { loop, nextPass } = createLoop();
  const before = loop.run([toText(0, 100)], never);
  const broken = loop.run([toText(7, 5), toText(1, 5)], never).catch((error: unknown) => error);
  const others = [loop.run([toText(2, 5), toText(3, 5)], never), loop.run([toText(4, 5)], never)];
  const abort = new AbortController();
  const gone = loop.run([toText(5, 5)], abort.signal).catch(() => "gone");
  (await nextPass()).end();
  await before;
  const cause = new Error("indices element out of data bounds");
  const shared = await nextPass();
  expect(shared.texts).toHaveLength(6);
  abort.abort();
  shared.end(cause);
  for (let index = 0; index < 3; index++) {
    const pass = await nextPass();
    const isBroken = pass.texts.some((it) => it.ids[0] === 7);
    pass.end(isBroken ? cause : undefined);
  }
  expect(await broken).toBe(cause);
  const results = (await Promise.all(others)).map((it) => it.map((vector) => vector[0]));
  expect(results).toEqual([[2, 3], [4]]);
  expect(await gone).toBe("gone");
  expect(loop.jobCount).toBe(0);
});

test("who leaves during a pass is let go at once, and what waits of it never runs", async () => {
  const { loop, passes, nextPass } = createLoop(1);
  const abort = new AbortController();
  const left = loop.run([toText(1, 9), toText(1, 8)], abort.signal);
  const pass = await nextPass();
  abort.abort(new Error("gone"));
  await expect(left).rejects.toThrow("gone");
  pass.end();
  const next = loop.run([toText(2, 5)], never);
  const second = await nextPass();
  expect(second.texts[0]?.ids[0]).toBe(2);
  second.end();
  await next;
  expect(passes).toEqual([]);
  await expect(loop.run([toText(1, 1)], abort.signal)).rejects.toThrow("gone");
  expect(await loop.run([], never)).toEqual([]);
});

test("a pass that nobody waits for any more is stopped, and not one that somebody does", async () => {
  let stopCount = 0;
  const stop = () => {
    stopCount += 1;
  };
  const { loop, nextPass } = createLoop(undefined, stop);
  const [first, second] = [new AbortController(), new AbortController()];
  const before = loop.run([toText(0, 100)], never);
  const leaving = [
    loop.run([toText(1, 8)], first.signal),
    loop.run([toText(2, 8)], second.signal),
  ].map((it) => it.catch(() => "left"));
  (await nextPass()).end();
  await before;
  const pass = await nextPass();
  expect(pass.texts).toHaveLength(2);
  first.abort();
  expect(stopCount).toBe(0);
  second.abort();
  expect(stopCount).toBe(1);
  pass.end(new Error("terminated"));
  expect(await Promise.all(leaving)).toEqual(["left", "left"]);
  expect(loop.jobCount).toBe(0);
});
