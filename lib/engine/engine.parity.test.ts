/**
 * Goal: the engine computes what the models were trained to compute.
 * Method: ten conversations a model whose prompts, ids, log-probabilities and greedy answers were
 * taken from PyTorch in fp32 without a cache (`__fixtures__/`, demonstration models of this
 * repository). fp32 files must agree to 1e-3. Eight-bit files are held to what quantising costs them:
 * 0.5 on answer tokens, 1.5 on prompt tokens (which were never trained on), and the same best token
 * in 99 of 100 steps, led along the reference's tokens: once two answers part, steps do not compare.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { Engine } from "./engine";
import type { WeightFile } from "./onnx/model-files";
import { logProbabilityOf } from "./sampling/log-probabilities";
import { pickHighest } from "./sampling/pick-highest";
import { collect } from "./testing";

const ROOT = join(import.meta.dirname, "../..");

const stepSchema = z.object({
  id: z.number(),
  logprob: z.number(),
  top: z.array(z.tuple([z.number(), z.number()])),
});
const referenceSchema = z.object({
  cases: z.array(
    z.object({
      messages: z.array(
        z.object({ role: z.enum(["system", "user", "assistant"]), content: z.string() }),
      ),
      rendered: z.string(),
      prompt_ids: z.array(z.number()),
      prompt_logprobs: z.array(z.number().nullable()),
      answer_text: z.string(),
      finish: z.enum(["stop", "length"]),
      steps: z.array(stepSchema),
    }),
  ),
});

type Case = z.infer<typeof referenceSchema>["cases"][number];

/** The reference stopped answers there. */
const REFERENCE_TOKENS_MAX = 64;

const FILES: { model: string; weightFile: WeightFile; isExact: boolean }[] = [
  { model: "pico-s", weightFile: "model.onnx", isExact: true },
  { model: "pico-m", weightFile: "model.onnx", isExact: true },
  { model: "pico-s", weightFile: "model_q8.onnx", isExact: false },
  { model: "pico-m", weightFile: "model_q8.onnx", isExact: false },
  { model: "pico-l", weightFile: "model_q8.onnx", isExact: false },
];

/** Not this file's test; a skipped one would look like one that was forgotten. */
const none = (_name: string, _body: () => Promise<void>) => undefined;

describe.each(FILES)("$model $weightFile", ({ model, weightFile, isExact }) => {
  const fixture = readFileSync(join(import.meta.dirname, "__fixtures__", `${model}.json`), "utf8");
  const { cases } = referenceSchema.parse(JSON.parse(fixture));
  let engine: Engine;

  const answer = (it: Case) =>
    collect(engine, {
      messages: it.messages,
      sampling: { temperature: 0 },
      stop: [],
      maxTokens: REFERENCE_TOKENS_MAX,
      logProbabilityCount: 5,
      reportPrompt: true,
    });

  beforeAll(async () => {
    engine = await Engine.load(join(ROOT, "models", model), {
      threadCount: 1,
      slotCount: 8,
      weightFile,
    });
  });
  afterAll(() => engine.close());

  test("prompts and their ids are those of the reference", () => {
    expect(cases).toHaveLength(10);
    for (const it of cases) {
      expect(engine.model.chatTemplate.render(it.messages)).toBe(it.rendered);
      expect(engine.encodeMessages(it.messages)).toEqual(it.prompt_ids);
      expect(engine.decode(it.prompt_ids)).toBe(it.rendered);
    }
  });

  test("log-probabilities of the prompt agree", async () => {
    const tolerance = isExact ? 1e-3 : 1.5;
    for (const it of cases) {
      const { promptLogProbabilities } = await answer(it);
      const expected = it.prompt_logprobs.slice(1);
      expect(promptLogProbabilities).toHaveLength(expected.length);
      const errors = expected.map((value, index) =>
        Math.abs(value! - promptLogProbabilities[index]!),
      );
      expect(Math.max(...errors)).toBeLessThan(tolerance);
    }
  });

  (isExact ? test : none)("answers agree, token by token", async () => {
    for (const it of cases) {
      const { tokens, text, end } = await answer(it);
      expect(text).toBe(it.answer_text);
      expect(end.finishReason).toBe(it.finish);
      expect(tokens.map((token) => token.id)).toEqual(it.steps.map((step) => step.id));
      for (const [index, step] of it.steps.entries()) {
        const token = tokens[index]!;
        expect(Math.abs(token.logProbability - step.logprob)).toBeLessThan(1e-3);
        for (const [rank, [, logprob]] of step.top.entries()) {
          expect(Math.abs(token.alternatives[rank]!.logProbability - logprob)).toBeLessThan(1e-3);
        }
      }
    }
  });

  (isExact ? none : test)("led along the reference's answers it stays near them", async () => {
    const { runner } = engine.model;
    const agreements: boolean[] = [];
    for (const it of cases) {
      const ids = [...it.prompt_ids, ...it.steps.map((step) => step.id)];
      const logits = await runner.prefill({ row: 0, start: 0, ids, logits: "all" });
      for (const [index, step] of it.steps.entries()) {
        const row = logits.at(it.prompt_ids.length - 1 + index).all;
        expect(Math.abs(logProbabilityOf(row, step.id) - step.logprob)).toBeLessThan(0.5);
        agreements.push(pickHighest(row) === step.id);
      }
    }
    const equal = agreements.filter((it) => it).length;
    expect(equal / agreements.length, `${equal} of ${agreements.length}`).toBeGreaterThanOrEqual(
      0.99,
    );
  });
});
