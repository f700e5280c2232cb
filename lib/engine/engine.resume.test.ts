/**
 * Goal: an answer that another engine began is gone on with as if it had never been interrupted.
 * Method: an answer is heard to its end; then, for every place at which its reader can have lost the
 * engine, one with other prompts in its cache gets the tokens told until then, and must tell the rest:
 * the same events with the same tokens and numbers, bit for bit. The models have random weights, and
 * words that open and close reasoning and calls, so that every part of an answer is cut everywhere.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { AnswerEvent } from "./answer-events";
import { Engine, type EngineRequest } from "./engine";
import type { WeightForm } from "./synthetic/weight-form";
import { writeSyntheticModel } from "./synthetic/write-synthetic-model";
import { collect } from "./testing";

const THREAD = new URL("../../dist/grammar-thread.mjs", import.meta.url);
const root = mkdtempSync(join(tmpdir(), "parley-resume-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Tokens that no text leads to are given these texts, in turn. */
const MARKS = [
  ...[
    "</think>",
    "Hm </think>\n\nWell",
    "<tool_call>",
    "</tool_call>",
    '{"name": "f"',
    "STOP",
    "ST",
  ],
  ...[
    ', "arguments": {',
    '"a": 1',
    "}}",
    '</think>So <tool_call>{"name": "f", "arguments": {"a": 2',
  ],
  ...['}}</tool_call> and <tool_call>{"name": "g"', "\n</tool_", "call>", " plain", "OP"],
];
const MARK_ID = 256;

async function load(form: WeightForm, growing?: object): Promise<Engine> {
  const folder = join(root, form + (growing ? "-growing" : ""));
  await writeSyntheticModel({
    ...{
      folder,
      form,
      preset: "tiny",
      seed: 3,
      dimensions: { vocabularySize: 500, contextLength: 1_024 },
    },
    ...(growing && { growing }),
  });
  const path = join(folder, "tokenizer.json");
  const json = JSON.parse(readFileSync(path, "utf8"));
  const spelled = MARKS.map((mark, index) => [
    mark.replaceAll(" ", "Ġ").replaceAll("\n", "Ċ"),
    index,
  ]);
  for (const [mark, index] of spelled) {
    const id = MARK_ID + (index as number);
    delete json.model.vocab[`Ġt${id}`];
    json.model.vocab[mark as string] = id;
  }
  writeFileSync(path, JSON.stringify(json));
  const configPath = join(folder, "tokenizer_config.json");
  const config = JSON.parse(readFileSync(configPath, "utf8"));
  config.chat_template +=
    "{% if tools %}<tool_call>{{ tools | tojson }}{% endif %}{{ '<think>\n' }}{# </think> #}";
  writeFileSync(configPath, JSON.stringify(config));
  // Short, so that prompts and answers have several chunks.
  const options = { threadCount: 1, slotCount: 3, graphCacheFolder: root, chunkTokens: 8 };
  return Engine.load(folder, { ...options, grammarThreadUrl: THREAD });
}

const MARK_BIAS = new Map(MARKS.map((_, index) => [MARK_ID + index, 4]));
const TOOLS = [
  {
    name: "f",
    parameters: { type: "object", properties: { a: { type: "integer" } }, required: ["a"] },
    isStrict: true,
  },
  { name: "g" },
];

const chat = (changes: object): EngineRequest => ({
  messages: [{ role: "user", content: "Say something." }],
  sampling: { temperature: 0 },
  ...{ stop: [], maxTokens: 16 },
  ...changes,
});

type Rest = { resumed: readonly number[]; events: readonly AnswerEvent[] };

/** Every place at which a reader can have heard all that there is of some tokens, with what it has yet to hear. */
function cutEverywhere(events: readonly AnswerEvent[]): Rest[] {
  const told: number[] = [];
  return events.flatMap((event, index) => {
    if (!("tokenIds" in event) || event.tokenIds === undefined) return [];
    expect(event.tokenIds).toHaveLength(event.tokenCount);
    told.push(...event.tokenIds);
    if (event.tokenCount === 0) return [];
    return [{ resumed: [...told], events: events.slice(index + 1) }];
  });
}

/** All but times, ids that are drawn for calls, and what was cached. */
function toComparable(events: readonly AnswerEvent[]) {
  return events.flatMap((event): object[] => {
    if (event.type === "sequence-start") return [];
    if (event.type === "tool-call-start") return [{ ...event, id: "" }];
    if (event.type !== "sequence-end") return [event];
    const {
      cachedPromptTokenCount: _,
      queuedMs: __,
      firstTokenMs: ___,
      durationMs: ____,
      ...end
    } = event;
    return [end];
  });
}

async function expectSeamless(engine: Engine, request: EngineRequest): Promise<Rest[]> {
  const whole = await collect(engine, { ...request, reportTokenIds: true });
  const seed = whole.start.sampling.seed;
  const rests = cutEverywhere(whole.events);
  for (const { resumed: ids, events } of rests) {
    const again = { ...request, sampling: { ...request.sampling, seed }, reportTokenIds: true };
    const rest = await collect(engine, { ...again, resumed: { ids, mustMatch: true } });
    expect(toComparable(rest.events), `after ${ids.length}`).toEqual(toComparable(events));
    expect(rest.start.promptTokenCount).toBe(whole.start.promptTokenCount);
    expect(rest.start.completionTokenCountMax).toBe(whole.start.completionTokenCountMax);
  }
  return rests;
}

/** Text of every delta that is part of the answer's parts. */
const textOf = (events: readonly AnswerEvent[]) =>
  events.map((event) => ("text" in event ? event.text : "")).join("");

describe.each([
  ["fp32", undefined],
  ["int8-rows", undefined],
  ["int4-block32", { positions: "length" }],
] as const)("%s %o", (form, growing) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await load(form, growing);
  });
  afterAll(() => engine.close());
  afterEach(async () => {
    await vi.waitFor(() => expect([engine.runningCount, engine.heldSlotCount]).toEqual([0, 0]));
    engine.assertConsistent();
  });

  test.each<[string, object]>([
    ["greedy", {}],
    ["drawn by a seed", { sampling: { temperature: 1, seed: 7 } }],
    ["drawn by a seed nobody gave", { sampling: { temperature: 1.2, topP: 0.9 } }],
    [
      "penalties, a bias and a least length",
      {
        sampling: {
          ...{ temperature: 1, seed: 5, presencePenalty: 0.5, frequencyPenalty: 0.7 },
          ...{ repetitionPenalty: 1.3, logitBias: new Map([[MARK_ID, 3]]) },
        },
        minTokens: 9,
      },
    ],
    ["with log-probabilities", { sampling: { temperature: 1, seed: 3 }, logProbabilityCount: 3 }],
    ["of the prompt, too", { logProbabilityCount: 2, reportPrompt: true }],
    ["another choice of several", { sampling: { temperature: 1, seed: 3 }, choice: 2 }],
    ["to the end of turn and past it", { sampling: { temperature: 1, seed: 1 }, ignoreEos: true }],
  ])("%s", async (_, changes) => {
    const rests = await expectSeamless(engine, chat(changes));
    expect(rests.length).toBeGreaterThan(5);
  });

  test("half code points wait for their other halves on both sides of the cut", async () => {
    const accents = new Map([0xc3, 0xa9, 0xa4].map((byte) => [byte, 30]));
    const sampling = { temperature: 1, seed: 4, logitBias: accents };
    const rests = await expectSeamless(engine, chat({ sampling }));
    expect(textOf(rests[0]!.events)).toMatch(/[éä]/);
    // Some of them come late.
    expect(
      rests.some(({ events }) => events.some((it) => "tokenCount" in it && it.tokenCount > 1)),
    ).toBe(true);
  });

  test("stop strings that begin before the cut end the answer after it", async () => {
    let stopped = 0;
    for (let seed = 0; seed < 4; seed++) {
      const sampling = {
        temperature: 1,
        seed,
        logitBias: new Map([
          [MARK_ID + 6, 30],
          [MARK_ID + 15, 30],
        ]),
      };
      const [first] = await expectSeamless(engine, chat({ sampling, stop: ["STOP", "STSTST!"] }));
      const end = first?.events.at(-1);
      if (end?.type === "sequence-end" && end.stopString === "STOP") stopped++;
    }
    expect(stopped).toBeGreaterThan(0);
  });

  test("reasoning and calls are told apart as if nothing had happened", async () => {
    const kinds = new Set<string>();
    for (let seed = 0; seed < 3; seed++) {
      const request = chat({
        sampling: { temperature: 1, seed, logitBias: MARK_BIAS },
        splitReasoning: true,
        toolRequest: { tools: TOOLS, choice: "auto", isParallel: seed % 2 === 0 },
        maxTokens: 20,
      });
      for (const { events } of await expectSeamless(engine, request)) {
        for (const { type } of events) kinds.add(type);
      }
    }
    expect(kinds).toContain("reasoning-delta");
    expect(kinds).toContain("tool-call-start");
    expect(kinds).toContain("tool-call-delta");
  });

  test.each<[string, object]>([
    ["a schema", { grammar: { type: "json-schema", schema: TOOLS[0]!.parameters } }],
    ["an expression", { grammar: { type: "regex", pattern: "([a-z]{2}[0-9]){6}" } }],
    [
      "a demanded call",
      { toolRequest: { tools: TOOLS, choice: { name: "f" }, isParallel: false } },
    ],
  ])("what is held to %s stays held", async (_, shape) => {
    const request = chat({ ...shape, sampling: { temperature: 1, seed: 2 }, maxTokens: 28 });
    const rests = await expectSeamless(engine, request);
    expect(rests.length).toBeGreaterThan(3);
    // In passes of many the numbers are rounded otherwise; the shape is the same all the same.
    for (const { resumed: ids } of rests) {
      const { end } = await collect(engine, { ...request, resumed: { ids, mustMatch: false } });
      expect(end.completionTokenCount).toBeGreaterThanOrEqual(ids.length);
      expect(end.completionTokenCount).toBeLessThanOrEqual(28);
    }
  });

  test("beside others, and where others have run the same tokens as a prompt", async () => {
    const request = chat({
      sampling: { temperature: 1, seed: 9 },
      logProbabilityCount: 1,
      maxTokens: 20,
    });
    const whole = await collect(engine, { ...request, reportTokenIds: true });
    const rests = cutEverywhere(whole.events);
    const ids = rests.at(-2)!.resumed;
    // Leaves cells of prompt and answer in the cache that passes of many have made.
    await collect(engine, { ...request, resumed: { ids, mustMatch: false } });
    const again = await collect(engine, { ...request, resumed: { ids, mustMatch: false } });
    expect(again.end.cachedPromptTokenCount).toBeGreaterThan(0);
    await Promise.all(
      rests.map(async ({ resumed, events }) => {
        const rest = await collect(engine, {
          ...request,
          reportTokenIds: true,
          resumed: { ids: resumed, mustMatch: true },
        });
        expect(toComparable(rest.events)).toEqual(toComparable(events));
      }),
    );
  });
});

describe("what no engine can have told", () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await load("fp32");
  });
  afterAll(() => engine.close());

  const refusal = (ids: number[], changes: object = {}) =>
    collect(engine, { ...chat(changes), resumed: { ids, mustMatch: true } }).catch(
      (it: unknown) => it,
    );

  test("is refused by name", async () => {
    expect(await refusal([7, 500])).toMatchObject({
      code: "invalid-request",
      param: "resume.tokenIds",
    });
    // More than fit, and more after an end.
    for (const [ids, changes] of [
      [[7, 7, 7], { maxTokens: 2 }],
      [[7], { maxTokens: 0 }],
      [Array(300).fill(7), { maxTokens: 0 }],
      [[7, 8, 9], { stopTokenIds: [8] }],
    ] as const) {
      const error = await refusal([...ids], changes);
      expect(error).toMatchObject({ code: "invalid-request", param: "resume.tokenIds" });
    }
    expect(engine.runningCount).toBe(0);
  });

  test("against its grammar fails, and that alone", async () => {
    const plain = collect(engine, chat({}));
    const grammar = { type: "regex" as const, pattern: "[0-9]{8}" };
    expect(await refusal([65, 66], { grammar })).toBeInstanceOf(Error);
    expect((await plain).end.finishReason).toBeDefined();
  });
});
