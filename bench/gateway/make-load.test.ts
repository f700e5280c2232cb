/** Goal: what is told of held streams and of rows is so. Method: a light server on a real port. */
import { expect, test } from "vitest";
import { serveLight } from "./light-server";
import { makeHold, makeTurns } from "./make-load";
import { ECHO, HELD, HELD_WORDS_STEP, sayWords } from "./words";

/** A line a word; loses the first word of every answer whose request says so. */
const port = await serveLight(async (_request, response, body) => {
  const { model, prompt, loses } = JSON.parse(body);
  let toLose = loses ? 1 : 0;
  response.writeHead(200, { "content-type": "text/plain" });
  await sayWords({ model, prompt }, (word) => toLose-- > 0 || response.write(`${word}\n`));
  response.end();
});
const targetOf = (model: string, more: object) => ({
  ...{ name: model, port, path: "/", headers: {}, tokens: 1, lineFeeds: 0 },
  ...{ body: JSON.stringify({ model, prompt: "one two", ...more }) },
});
const lineFeedStep = HELD_WORDS_STEP;

test("streams are held until all are open, then end whole", async () => {
  const target = { ...targetOf(HELD, {}), lineFeedStep };
  const held = await makeHold(target, { clients: 70, releasePort: port, holdMs: 1 });
  expect(held).toEqual({ heldMax: 70, whole: 70, broken: 0 });
});

test("a held stream that lost a word is told", async () => {
  const target = { ...targetOf(HELD, { loses: true }), lineFeedStep };
  const held = await makeHold(target, { clients: 2, releasePort: port, holdMs: 1 });
  expect(held).toMatchObject({ heldMax: 2, whole: 0, broken: 2 });
});

test("of a row the first are asked and not counted", async () => {
  const targets = [targetOf(ECHO, {}), targetOf(ECHO, { loses: true })].map((it, index) => ({
    ...{ ...it, lineFeeds: 2, name: String(index) },
  }));
  const [whole, lossy] = await makeTurns(targets, { rows: 2, row: 3 });
  expect(whole).toMatchObject({ name: "0", broken: 0 });
  expect(whole?.wholeMs).toHaveLength(6);
  expect(lossy).toMatchObject({ name: "1", wholeMs: [] });
  expect(lossy?.broken).toBeGreaterThanOrEqual(6);
});
