import * as z from "zod";
import { answerProvider } from "./provider-answer";
import { toVector } from "./stand-in-model";
import {
  type StandIn,
  type StandInExchange,
  type StreamForm,
  startStandIn,
} from "./stand-in-server";

/** Ollama's own API (docs/api.md of its repository: chat, embed, tags): streams are JSON, an object a line. */

export type OllamaStandInOptions = {
  models?: readonly string[];
  /** Pause before each line. */
  eventMs?: number | undefined;
};

const optionsSchema = z.strictObject({
  temperature: z.number().min(0).optional(),
  top_p: z.number().optional(),
  top_k: z.number().int().optional(),
  min_p: z.number().optional(),
  repeat_penalty: z.number().optional(),
  seed: z.number().int().optional(),
  stop: z.array(z.string()).optional(),
  num_predict: z.number().int().optional(),
  num_ctx: z.number().int().min(1).optional(),
});
const chatSchema = z.strictObject({
  model: z.string(),
  messages: z.array(
    z.looseObject({
      role: z.enum(["system", "user", "assistant", "tool"]),
      content: z.string(),
      images: z.array(z.string()).optional(),
    }),
  ),
  format: z.union([z.literal("json"), z.record(z.string(), z.unknown())]).optional(),
  options: optionsSchema.default({}),
  keep_alive: z.union([z.string(), z.number()]).optional(),
});
const embedSchema = z.strictObject({
  model: z.string(),
  input: z.union([z.string(), z.array(z.string())]),
  truncate: z.boolean().optional(),
});

const LINES: StreamForm = {
  contentType: "application/x-ndjson",
  toBytes: (data) => `${JSON.stringify(data)}\n`,
  garbage: '{"message": {"con\n',
};
const toError = (_status: number, message: string) => ({ error: message });

export async function startOllamaServer(options: OllamaStandInOptions = {}): Promise<StandIn> {
  const { models = ["stand-in:latest"], eventMs } = options;
  return await startStandIn({
    ...{ toError, eventMs },
    handle: async (exchange) => {
      const { asked, sendJson } = exchange;
      if (asked.path === "/api/tags") {
        sendJson({ models: models.map((name) => ({ name, model: name, digest: `of ${name}` })) });
        return;
      }
      const { model } = z
        .looseObject({ model: z.string().default("") })
        .catch({ model: "" })
        .parse(asked.body);
      if (!models.includes(model)) {
        sendJson(toError(404, `model '${model}' not found`), 404);
        return;
      }
      if (asked.path === "/api/chat") await chat(exchange);
      else if (asked.path === "/api/embed") embed(exchange);
      else sendJson(toError(404, "404 page not found"), 404);
    },
  });
}

async function chat({ asked, sendJson, openEvents }: StandInExchange): Promise<void> {
  const parsed = chatSchema.safeParse(asked.body);
  if (!parsed.success) {
    sendJson(toError(400, parsed.error.issues[0]?.message ?? ""), 400);
    return;
  }
  const { model, messages, format, options } = parsed.data;
  const answer = answerProvider({
    prompt: messages.map(({ content }) => content).join("\n"),
    ...{ temperature: options.temperature, seed: options.seed, maxTokens: options.num_predict },
    ...(options.stop && { stops: options.stop }),
    schema: format === "json" ? { type: "object" } : format,
  });
  const writer = openEvents(LINES);
  const line = (content: string, more = {}) => ({
    ...{ model, created_at: new Date().toISOString() },
    ...{ message: { role: "assistant", content }, done: false, ...more },
  });
  for (const token of answer.tokens) if (!(await writer.send(line(token)))) return;
  await writer.send(
    line("", {
      ...{ done: true, done_reason: answer.end === "length" ? "length" : "stop" },
      ...{ prompt_eval_count: answer.promptTokens, eval_count: answer.completionTokens },
    }),
  );
  writer.end();
}

function embed({ asked, sendJson }: StandInExchange): void {
  const parsed = embedSchema.safeParse(asked.body);
  if (!parsed.success) {
    sendJson(toError(400, "invalid input type"), 400);
    return;
  }
  const { model, input } = parsed.data;
  const texts = typeof input === "string" ? [input] : input;
  const embeddings = texts.map((it) => toVector(it));
  sendJson({ model, embeddings, prompt_eval_count: texts.length * 4 });
}
