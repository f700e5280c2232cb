import * as z from "zod";
import { answerProvider, type ProviderAnswer, type ProviderAsk } from "./provider-answer";
import { toTokens, toVector } from "./stand-in-model";
import { type Asked, type EventWriter, type StandIn, startStandIn } from "./stand-in-server";

/** Cohere's API, version 2 (docs.cohere.com: Chat with streaming, Embed): events whose `type` is in the data. */

export type CohereStandInOptions = {
  models?: readonly string[];
  key?: string;
  contextLength?: number;
  /** Pause before each event. */
  eventMs?: number | undefined;
};

const partSchema = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  image_url: z.unknown().optional(),
});
const chatSchema = z.looseObject({
  model: z.string(),
  stream: z.literal(true),
  messages: z
    .array(
      z.looseObject({
        role: z.enum(["system", "user", "assistant", "tool"]),
        content: z.union([z.string(), z.array(partSchema)]).nullish(),
      }),
    )
    .min(1),
  temperature: z.number().min(0).optional(),
  max_tokens: z.number().int().min(1).optional(),
  p: z.number().min(0.01).max(0.99).optional(),
  k: z.number().min(0).max(500).optional(),
  seed: z.number().int().min(0).optional(),
  stop_sequences: z.array(z.string()).max(5).optional(),
  response_format: z
    .looseObject({ type: z.string(), json_schema: z.unknown().optional() })
    .optional(),
  tools: z
    .array(
      z.looseObject({
        function: z.looseObject({ name: z.string(), parameters: z.unknown().optional() }),
      }),
    )
    .optional(),
  tool_choice: z.enum(["REQUIRED", "NONE"]).optional(),
  thinking: z.looseObject({ type: z.enum(["enabled", "disabled"]) }).optional(),
});
type ChatRequest = z.infer<typeof chatSchema>;
const embedSchema = z.looseObject({
  model: z.string(),
  texts: z.array(z.string()).min(1).max(96),
  truncate: z.enum(["NONE", "START", "END"]).optional(),
});

const toError = (_status: number, message: string) => ({ id: "stand-in", message });

export async function startCohereServer(options: CohereStandInOptions = {}): Promise<StandIn> {
  const { models = ["command-stand-in"], key = "co-stand-in", contextLength = 2_048 } = options;
  return await startStandIn({
    ...{ toError, eventMs: options.eventMs },
    handle: async ({ asked, sendJson, openEvents }) => {
      const refuse = (status: number, message: string) =>
        sendJson(toError(status, message), status);
      if (asked.headers.authorization !== `Bearer ${key}`) return refuse(401, "invalid api token");
      if (asked.path === "/v2/embed") return embed(asked, sendJson);
      if (asked.path !== "/v2/chat") return refuse(404, "not found");
      const parsed = chatSchema.safeParse(asked.body);
      if (!parsed.success) {
        const [issue] = parsed.error.issues;
        return refuse(400, `invalid request: ${issue?.path.join(".")}: ${issue?.message}`);
      }
      const { data } = parsed;
      if (!models.includes(data.model)) {
        return refuse(
          404,
          `model '${data.model}' not found, make sure the correct model ID was used`,
        );
      }
      const ask = toAsk(data);
      const length = toTokens(ask.prompt).length;
      if (length > contextLength) {
        return refuse(
          400,
          `too many tokens: size limit exceeded by ${length - contextLength} tokens; the prompt is too long`,
        );
      }
      const events = openEvents();
      await stream(events, answerProvider(ask));
      events.end();
    },
  });
}

function embed({ body }: Asked, sendJson: (body: unknown, status?: number) => void): void {
  const parsed = embedSchema.safeParse(body);
  if (!parsed.success) {
    sendJson(toError(400, "invalid request"), 400);
    return;
  }
  const { texts } = parsed.data;
  const count = texts.reduce((sum, text) => sum + toTokens(text).length, 0);
  sendJson({
    id: "stand-in",
    embeddings: { float: texts.map((text) => toVector(text)) },
    texts,
    meta: { billed_units: { input_tokens: count } },
  });
}

function toAsk(request: ChatRequest): ProviderAsk {
  const { messages, tools, tool_choice: choice, response_format: format } = request;
  const parts = messages.flatMap(({ content }) =>
    typeof content === "string" ? [{ type: "text", text: content }] : (content ?? []),
  );
  const isJson = format?.type === "json_object";
  return {
    prompt: parts
      .map(({ text = "" }) => text)
      .filter((it) => it !== "")
      .join("\n"),
    temperature: request.temperature,
    seed: request.seed,
    maxTokens: request.max_tokens,
    stops: request.stop_sequences ?? [],
    tools: (tools ?? []).map((it) => ({ name: it.function.name, schema: it.function.parameters })),
    demand: choice === "REQUIRED" ? "" : undefined,
    mayCall: choice !== "NONE" && messages.at(-1)?.role !== "tool",
    reasons: request.thinking?.type === "enabled",
    schema: isJson ? (format.json_schema ?? { type: "object", properties: {} }) : undefined,
    images: parts.filter(({ type }) => type === "image_url").length,
  };
}

const FINISH_REASONS = {
  ...{ stop: "COMPLETE", length: "MAX_TOKENS", "stop-string": "STOP_SEQUENCE" },
  ...{ calls: "TOOL_CALL", filtered: "ERROR" },
} as const;

async function stream(events: EventWriter, answer: ProviderAnswer): Promise<void> {
  const send = (type: string, more: object) => events.send({ type, ...more }, type);
  await send("message-start", { id: "stand-in", delta: { message: { role: "assistant" } } });
  let index = 0;
  const block = async (type: "text" | "thinking", tokens: string[]) => {
    if (tokens.length === 0) return;
    await send("content-start", { index, delta: { message: { content: { type, [type]: "" } } } });
    for (const token of tokens) {
      const delta = { message: { content: { [type]: token } } };
      if (!(await send("content-delta", { index, delta }))) return;
    }
    await send("content-end", { index });
    index += 1;
  };
  await block("thinking", answer.reasoning);
  await block("text", answer.tokens);
  for (const [place, { id, name, pieces }] of answer.calls.entries()) {
    const call = { id, type: "function", function: { name, arguments: "" } };
    await send("tool-call-start", { index: place, delta: { message: { tool_calls: call } } });
    for (const piece of pieces) {
      const delta = { message: { tool_calls: { function: { arguments: piece } } } };
      if (!(await send("tool-call-delta", { index: place, delta }))) return;
    }
    await send("tool-call-end", { index: place });
  }
  const counts = { input_tokens: answer.promptTokens, output_tokens: answer.completionTokens };
  await send("message-end", {
    delta: {
      finish_reason: FINISH_REASONS[answer.end],
      usage: { billed_units: counts, tokens: counts, cached_tokens: answer.cachedTokens },
    },
  });
}
