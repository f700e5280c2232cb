/**
 * Goal: a classifier of this server moderates as OpenAI's client expects. Method: the official client
 * against the real routes, with a mock that finds in texts what they name.
 */
import OpenAI from "openai";
import type { ModerationCreateResponse } from "openai/resources/moderations";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
  process.env.PARLEY_API_KEY = "api-key-of-the-tests";
  process.env.PARLEY_MODERATION_MODEL = "mock/moderator";
});

import {
  getModerator,
  type ModerationResult,
  toModerationReply,
} from "@/lib/openai/moderations/moderation";
import { type ApiServer, startApiServer } from "./__fixtures__/api-server";

// Fails to compile when a result of ours is none of the client's.
const toTheirs: (it: ModerationResult) => ModerationCreateResponse["results"][number] = (it) => it;

let api: ApiServer;
let client: OpenAI;
beforeAll(async () => {
  api = await startApiServer();
  await api.addWorker({ models: ["mock/moderator", "mock/reader", "mock/echo"] });
  client = new OpenAI({
    ...{ baseURL: `${api.url}/v1`, apiKey: "api-key-of-the-tests", maxRetries: 0 },
  });
});
afterAll(() => api.close());

const failure = (body: object) =>
  client.moderations.create(body as never).then(
    () => undefined,
    (error: unknown) => error,
  );

describe("a moderation", () => {
  test("flags what the model finds, in OpenAI's categories and the model's own words", async () => {
    const reply = await client.moderations.create({ input: ["They fight.", "A flower."] });
    expect(reply.id).toMatch(/^modr-/);
    expect(reply.model).toBe("mock/moderator");
    const [fight, flower] = reply.results;
    expect(fight).toMatchObject({
      ...{ flagged: true, category_scores: { violence: 0.9, hate: 0, "hate/threatening": 0.01 } },
      categories: { violence: true, "hate/threatening": false, "self-harm": false, sexual: false },
      category_applied_input_types: { violence: ["text"], "self-harm": ["text"], sexual: [] },
      label_scores: { V: 0.9, H2: 0.01, self_harm: 0.01, OK: 0.01 },
    });
    expect(Object.keys(fight?.categories ?? {})).toHaveLength(13);
    // A word that is no category's flags nothing, however sure the model is of it.
    expect(flower).toMatchObject({ flagged: false, label_scores: { OK: 0.9 } });
    expect(toTheirs).toBeTypeOf("function");
  });

  test("takes a string, and the parts of one text together", async () => {
    const one = await client.moderations.create({ input: "I will hurt myself" });
    expect(one.results).toHaveLength(1);
    expect(one.results[0]?.categories["self-harm"]).toBe(true);
    const parts = await client.moderations.create({
      ...{ model: "omni-moderation-latest" },
      input: [
        { type: "text", text: "A flower" },
        { type: "text", text: "and hatred" },
      ],
    });
    expect(parts.results).toHaveLength(1);
    expect(parts.results[0]).toMatchObject({
      ...{ flagged: true, categories: { "hate/threatening": true } },
    });
  });

  test.each([
    [{ input: [{ type: "image_url", image_url: { url: "x" } }] }, "input.0.type"],
    [
      {
        input: [
          { type: "text", text: "x" },
          { type: "image_url", image_url: { url: "x" } },
        ],
      },
      "input.1.type",
    ],
    [{ input: "" }, "input"],
    [{ input: [] }, "input"],
    [{ input: ["x", 5] }, "input.1"],
    [{ input: 5 }, "input"],
    [{}, "input"],
    [{ input: "x", extra: 1 }, "extra"],
    [{ input: Array(2_049).fill("x") }, "input"],
  ])("%j is refused and %s named", async (body, param) => {
    const error = await failure(body);
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error).toMatchObject({ param });
  });

  test("is by the configured model and no other", async () => {
    expect(await failure({ input: "x", model: "mock/echo" })).toMatchObject({
      ...{ status: 404, param: "model" },
    });
    expect(() => getModerator(undefined, undefined)).toThrow(
      expect.objectContaining({
        ...{ code: "not-found", message: expect.stringContaining("PARLEY_MODERATION_MODEL") },
      }),
    );
  });

  test("by a model whose labels are none of moderation's is no moderation", () => {
    const results = [[{ label: "short", score: 1 }]];
    expect(() =>
      toModerationReply(
        { results, promptTokens: 1 },
        { input: [["x"]] },
        {
          ...{ model: "m", requestId: "r", threshold: 0.5 },
        },
      ),
    ).toThrow(expect.objectContaining({ code: "not-found" }));
  });
});

type Classified = {
  data: { index: number; label: string; num_classes: number; probs: number[]; labels: string[] }[];
  usage: { prompt_tokens: number; total_tokens: number };
};

test("POST /v1/classify tells labels as vLLM does", async () => {
  const body = { model: "mock/reader", input: ["short", "one ".repeat(30)] };
  const reply = await client.post<Classified>("/classify", { body });
  expect(reply).toMatchObject({ object: "list", model: "mock/reader" });
  expect(reply.data.map((it) => [it.index, it.label, it.num_classes])).toEqual([
    [0, "short", 2],
    [1, "long", 2],
  ]);
  expect(reply.data[0]?.probs.reduce((sum, it) => sum + it, 0)).toBeCloseTo(1);
  expect(reply.data[1]?.labels).toEqual(["long", "short"]);
  expect(reply.usage.prompt_tokens).toBe(reply.usage.total_tokens);
  const cannot = await client
    .post("/classify", { body: { ...body, model: "mock/echo" } })
    .catch((error: unknown) => error);
  expect(cannot).toBeInstanceOf(OpenAI.BadRequestError);
});
