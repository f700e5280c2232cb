/**
 * Goal: OpenAI's own client gets JSON that fits its schema and calls that it can run, from a real model.
 * Method: the official package and its helpers against the route handlers, with a bundled model served by
 * the real backend behind them.
 */
import { join } from "node:path";
import Anthropic from "@anthropic-ai/sdk";
import { Ajv2020 } from "ajv/dist/2020";
import OpenAI from "openai";
import { zodFunction, zodResponseFormat } from "openai/helpers/zod";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import * as z from "zod";

vi.hoisted(() => {
  process.env.PARLEY_WORKER_SECRET = "a secret of the tests";
  process.env.PARLEY_API_KEY = "api-key-of-the-tests";
});

import { createOnnxBackend } from "@/worker/backends/onnx";
import { type ApiServer, startApiServer } from "./__fixtures__/api-server";

const ROOT = join(import.meta.dirname, "../..");
const model = "pico-l";
let api: ApiServer;
let client: OpenAI;

beforeAll(async () => {
  api = await startApiServer();
  const backend = await createOnnxBackend({
    ...{ modelFolders: [join(ROOT, "models", model)], threads: 1, slots: 4 },
    threadUrl: new URL("../../dist/engine-thread.mjs", import.meta.url),
  });
  await api.addWorker({ backend });
  client = new OpenAI({ baseURL: `${api.url}/v1`, apiKey: "api-key-of-the-tests", maxRetries: 0 });
});
afterAll(() => api.close());

const user = (content: string) => [{ role: "user" as const, content }];
const PERSON = z.strictObject({ name: z.string().max(20), age: z.number().int().min(0).max(150) });
const messages = user("Give me JSON with name and age for Ana, 31.");

describe("a format", () => {
  test("is kept, and the client's helper reads the answer", async () => {
    const format = zodResponseFormat(PERSON, "person");
    const body = { model, messages, response_format: format, temperature: 0 };
    const whole = await client.chat.completions.parse(body);
    expect(whole.choices[0]?.message.parsed).toEqual({ name: "Ana", age: 31 });
    const streamed = await client.chat.completions.stream(body).finalChatCompletion();
    expect(streamed.choices[0]?.message.parsed).toEqual({ name: "Ana", age: 31 });
  });

  test("is kept whatever the model would rather say", async () => {
    for (let seed = 0; seed < 5; seed++) {
      const reply = await client.chat.completions.create({
        ...{ model, messages: user("Tell me a story about a robot."), temperature: 1, seed },
        response_format: zodResponseFormat(PERSON, "person"),
      });
      const [choice] = reply.choices;
      expect(choice?.finish_reason).toBe("stop");
      expect(PERSON.safeParse(JSON.parse(choice?.message.content ?? "")).error).toBeUndefined();
    }
    const chosen = await client.chat.completions.create({
      ...{ model, messages: user("What is the capital of Japan?"), temperature: 0 },
      ...({ structured_outputs: { choice: ["Tokyo", "Paris"] } } as object),
    });
    expect(chosen.choices[0]?.message.content).toBe("Tokyo");
    const object = await client.chat.completions.create({
      ...{ model, messages, temperature: 0, response_format: { type: "json_object" } },
    });
    expect(JSON.parse(object.choices[0]?.message.content ?? "")).toBeTypeOf("object");
  });

  test.each<[name: string, schema: Record<string, unknown>]>([
    ["that nothing meets", { type: "integer", minimum: 5, maximum: 3 }],
    ["of no type there is", { type: "strin" }],
    ["that goes round for ever", { $ref: "#" }],
    ["with what is not kept", { type: "array", items: {}, uniqueItems: true }],
  ])("%s is refused, naming the field", async (_, schema) => {
    const response_format = {
      type: "json_schema" as const,
      json_schema: { name: "x", schema },
    };
    const error = await client.chat.completions
      .create({ model, messages, response_format })
      .catch((it: unknown) => it);
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error).toMatchObject({ param: "response_format" });
  });
});

describe("tools", () => {
  const add = zodFunction({
    name: "add",
    parameters: z.strictObject({
      a: z.number().int().min(0).max(99),
      b: z.number().int().min(0).max(99),
    }),
  });

  test("that must be called are, with arguments that fit, whole and as deltas", async () => {
    const body = { model, messages: user("What is 47 + 38?"), tools: [add], temperature: 0 };
    const required = { ...body, tool_choice: "required" as const, parallel_tool_calls: false };
    const whole = await client.chat.completions.create(required);
    const [choice] = whole.choices;
    expect(choice?.finish_reason).toBe("tool_calls");
    expect(choice?.message.content).toBeNull();
    const call = choice?.message.tool_calls?.[0];
    if (call?.type !== "function") throw new Error("no call");
    expect(call.id).toMatch(/^call_/);
    expect(call.function.name).toBe("add");
    expect(Object.keys(JSON.parse(call.function.arguments))).toEqual(["a", "b"]);
    const chunks: string[] = [];
    const runner = client.chat.completions.stream(required);
    runner.on("tool_calls.function.arguments.delta", ({ arguments_delta: delta }) => {
      chunks.push(delta);
    });
    const streamed = await runner.finalChatCompletion();
    const same = streamed.choices[0]?.message.tool_calls?.[0];
    expect(same?.function.arguments).toBe(call.function.arguments);
    expect(chunks.join("")).toBe(call.function.arguments);
    expect(chunks.length).toBeGreaterThan(2);
  });

  const CITY = {
    type: "object",
    properties: {
      city: { type: "string", maxLength: 12 },
      days: { type: "array", items: { type: "integer", minimum: 1, maximum: 7 }, maxItems: 3 },
    },
    required: ["city", "days"],
    additionalProperties: false,
  };
  const isRight = new Ajv2020().compile(CITY);

  test("that must be called keep to their parameters without strict, in every shape of ours", async () => {
    const content = "Tell me a story about a robot.";
    const of = { name: "f", parameters: CITY };
    const tool = { type: "function" as const, function: of };
    const common = { model, messages: user(content), temperature: 1, max_tokens: 200 };
    const named = { type: "function" as const, function: { name: "f" } };
    for (const tool_choice of ["required" as const, named]) {
      for (let seed = 0; seed < 3; seed++) {
        const body = { ...common, seed, tools: [tool], tool_choice, parallel_tool_calls: false };
        const { choices } = await client.chat.completions.create(body);
        const call = choices[0]?.message.tool_calls?.[0];
        if (call?.type !== "function") throw new Error("no call");
        expect(isRight(JSON.parse(call.function.arguments)), call.function.arguments).toBe(true);
      }
    }
    const anthropic = new Anthropic({ baseURL: api.url, apiKey: "api-key-of-the-tests" });
    for (const type of ["any", "tool"] as const) {
      const reply = await anthropic.messages.create({
        ...common,
        tools: [{ name: "f", input_schema: { ...CITY, type: "object" } }],
        tool_choice: {
          ...(type === "tool" ? { type, name: "f" } : { type }),
          disable_parallel_tool_use: true,
        },
      });
      const [block] = reply.content;
      expect(block?.type === "tool_use" && isRight(block.input), JSON.stringify(block)).toBe(true);
    }
    const answer = await client.responses.create({
      ...{ model, input: content, max_output_tokens: 200, parallel_tool_calls: false },
      tools: [{ type: "function", ...of, strict: false }],
      tool_choice: { type: "function", name: "f" },
    });
    const [item] = answer.output;
    expect(item?.type === "function_call" && isRight(JSON.parse(item.arguments))).toBe(true);
  });

  test("that must be called are called with any object where their schema takes none", async () => {
    const properties = { none: { type: "integer", minimum: 5, maximum: 3 } };
    const of = { name: "f", parameters: { type: "object", properties, required: ["none"] } };
    const ask = (strict: boolean) =>
      client.chat.completions.create({
        ...{ model, messages: user("What is 47 + 38?"), temperature: 0, max_tokens: 100 },
        tools: [{ type: "function", function: { ...of, strict } }],
        tool_choice: "required",
      });
    const { choices } = await ask(false);
    expect(choices[0]?.message.tool_calls?.[0]).toMatchObject({ function: { name: "f" } });
    await expect(ask(true)).rejects.toMatchObject({ status: 400, param: "tools" });
  });

  test("with a schema that cannot be kept to are refused, naming them", async () => {
    const parameters = { type: "object", properties: { a: { not: {} } } };
    const tool = { name: "f", strict: true, parameters };
    const error = await client.chat.completions
      .create({ model, messages, tools: [{ type: "function", function: tool }] })
      .catch((it: unknown) => it);
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error).toMatchObject({ param: "tools" });
  });

  test("run by the client's loop: call, result, answer", async () => {
    const seen: unknown[] = [];
    const parameters = z.strictObject({ a: z.number().int(), b: z.number().int() });
    const runner = client.chat.completions.runTools({
      ...{ model, messages: user("What is 2 + 3?"), temperature: 0, tool_choice: "required" },
      ...{ parallel_tool_calls: false, max_tokens: 200 },
      tools: [
        zodFunction({
          ...{ name: "add", parameters },
          function: (given) => {
            seen.push(given);
            // One round of calls is enough; the next answer would have to be one, too.
            if (seen.length === 2) runner.abort();
            return "5";
          },
        }),
      ],
    });
    await runner
      .done()
      .catch((error: unknown) => expect(error).toBeInstanceOf(OpenAI.APIUserAbortError));
    expect(seen).toHaveLength(2);
    for (const given of seen) expect(parameters.safeParse(given).error).toBeUndefined();
    // The second call was made with the first one's result in sight.
    const roles = runner.messages.map((it) => it.role);
    expect(roles.slice(0, 4)).toEqual(["user", "assistant", "tool", "assistant"]);
  });

  test("are left alone where none is to be called", async () => {
    const reply = await client.chat.completions.create({
      ...{ model, messages: user("What is 47 + 38?"), tools: [add], temperature: 0 },
      tool_choice: "none",
    });
    expect(reply.choices[0]?.message.tool_calls).toBeUndefined();
    expect(reply.choices[0]?.message.content).toContain("85");
  });
});

test("vectors come from the same model", async () => {
  const { data, usage } = await client.embeddings.create({ model, input: ["a cat", "a kitten"] });
  for (const { embedding } of data) {
    expect(Math.hypot(...embedding)).toBeCloseTo(1, 5);
  }
  expect(usage.prompt_tokens).toBeGreaterThan(2);
});
