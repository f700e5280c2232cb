import * as z from "zod";
import { answerProvider, type ProviderAnswer, type ProviderAsk } from "./provider-answer";
import { explainThoughts, REDACTED, redactThought, signThought } from "./signed-thoughts";
import { toTokens } from "./stand-in-model";
import { type EventWriter, type StandIn, startStandIn } from "./stand-in-server";

/**
 * Anthropic's Messages API, streamed (docs.anthropic.com: Messages, Streaming, Extended thinking, Tool use,
 * Errors): named events, thinking blocks with signatures, tool input as pieces of JSON, pings, and errors.
 */

export type AnthropicStandInOptions = {
  models?: readonly string[];
  key?: string;
  /** Tokens of a prompt at most. */
  contextLength?: number;
  /** Pause before each event. */
  eventMs?: number | undefined;
  /** An error of this type is the stream's first event, as it is of an API that is overloaded. */
  streamError?: "overloaded_error" | undefined;
};

const textBlock = z.looseObject({ type: z.literal("text"), text: z.string() });
const block = z.union([
  textBlock,
  z.looseObject({ type: z.literal("image"), source: z.looseObject({ type: z.literal("base64") }) }),
  z.looseObject({ type: z.literal("tool_use"), id: z.string(), name: z.string(), input: z.json() }),
  z.looseObject({
    type: z.literal("tool_result"),
    tool_use_id: z.string(),
    content: z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]).optional(),
  }),
  z.looseObject({ type: z.literal("thinking"), thinking: z.string(), signature: z.string() }),
  z.looseObject({ type: z.literal("redacted_thinking"), data: z.string() }),
]);
const requestSchema = z.looseObject({
  model: z.string(),
  max_tokens: z.number().int().min(1),
  stream: z.literal(true),
  messages: z
    .array(
      z.looseObject({
        role: z.enum(["user", "assistant"]),
        content: z.union([z.string(), z.array(block)]),
      }),
    )
    .min(1),
  system: z.union([z.string(), z.array(textBlock)]).optional(),
  temperature: z.number().min(0).max(1).optional(),
  top_p: z.number().optional(),
  top_k: z.number().optional(),
  stop_sequences: z.array(z.string()).optional(),
  thinking: z.looseObject({ type: z.string(), budget_tokens: z.number().optional() }).optional(),
  output_config: z
    .looseObject({ format: z.looseObject({ schema: z.unknown() }).optional() })
    .optional(),
  tools: z.array(z.looseObject({ name: z.string(), input_schema: z.unknown() })).optional(),
  tool_choice: z
    .looseObject({
      type: z.string(),
      name: z.string().optional(),
      disable_parallel_tool_use: z.boolean().optional(),
    })
    .optional(),
});
type MessagesRequest = z.infer<typeof requestSchema>;

const ERROR_TYPES: Record<number, string> = {
  400: "invalid_request_error",
  401: "authentication_error",
  404: "not_found_error",
  429: "rate_limit_error",
  529: "overloaded_error",
};

function toError(status: number, message: string) {
  return {
    type: "error",
    error: { type: ERROR_TYPES[status] ?? "api_error", message },
    request_id: "req_stand_in",
  };
}

export async function startAnthropicServer(
  options: AnthropicStandInOptions = {},
): Promise<StandIn> {
  const { models = ["claude-stand-in"], key = "sk-ant-stand-in", contextLength = 2_048 } = options;
  return await startStandIn({
    ...{ toError, eventMs: options.eventMs },
    handle: async ({ asked, sendJson, openEvents }) => {
      const refuse = (status: number, message: string) =>
        sendJson(toError(status, message), status);
      const parsed = requestSchema.safeParse(asked.body);
      if (asked.headers["x-api-key"] !== key) return refuse(401, "invalid x-api-key");
      if (asked.headers["anthropic-version"] !== "2023-06-01") {
        return refuse(400, "anthropic-version: header is required");
      }
      if (asked.path !== "/v1/messages") return refuse(404, "Not Found");
      if (!parsed.success) return refuse(400, describeIssue(parsed.error));
      const { data } = parsed;
      if (!models.includes(data.model)) return refuse(404, `model: ${data.model}`);
      const disorder = explainThoughts(data.messages, data.thinking);
      if (disorder !== undefined) return refuse(400, disorder);
      const ask = toAsk(data);
      const length = toTokens(ask.prompt).length;
      if (length > contextLength) {
        return refuse(400, `prompt is too long: ${length} tokens > ${contextLength} maximum`);
      }
      const events = openEvents();
      const isRedacted = ask.prompt.includes(REDACTED);
      const answer = { ...answerProvider(ask), isRedacted };
      if (options.streamError === undefined) await stream(events, data.model, answer);
      else await events.send(toError(529, "Overloaded"), "error");
      events.end();
    },
  });
}

/** As the API words it: the path, then what is wrong there. */
function describeIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  return `${issue?.path.join(".")}: ${issue?.message}`;
}

function toAsk(request: MessagesRequest): ProviderAsk {
  const { system, messages, tools, tool_choice: choice, thinking } = request;
  const blocks = messages.flatMap(({ content }) =>
    typeof content === "string" ? [{ type: "text" as const, text: content }] : content,
  );
  const head = typeof system === "string" ? system : (system ?? []).map((it) => it.text).join("\n");
  return {
    prompt: [head, ...blocks.map(toText)].filter((it) => it !== "").join("\n"),
    temperature: request.temperature,
    maxTokens: request.max_tokens,
    stops: request.stop_sequences ?? [],
    tools: (tools ?? []).map(({ name, input_schema: schema }) => ({ name, schema })),
    demand: choice?.type === "tool" ? choice.name : choice?.type === "any" ? "" : undefined,
    // What a tool has answered is told on, and not asked again.
    mayCall: choice?.type !== "none" && blocks.at(-1)?.type !== "tool_result",
    isSingle: choice?.disable_parallel_tool_use === true,
    reasons: thinking !== undefined && thinking.type !== "disabled",
    schema: request.output_config?.format?.schema,
    images: blocks.filter(({ type }) => type === "image").length,
  };
}

function toText(it: z.infer<typeof block>): string {
  if (it.type === "text") return it.text;
  return it.type === "tool_result" ? JSON.stringify(it.content ?? "") : "";
}

const STOP_REASONS = {
  ...{ stop: "end_turn", length: "max_tokens", "stop-string": "stop_sequence" },
  ...{ calls: "tool_use", filtered: "refusal" },
} as const;

type Answer = ProviderAnswer & { isRedacted: boolean };

async function stream(events: EventWriter, model: string, answer: Answer): Promise<void> {
  const usage = {
    input_tokens: answer.promptTokens - answer.cachedTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: answer.cachedTokens,
    output_tokens: 1,
  };
  const send = (event: { type: string } & Record<string, unknown>) =>
    events.send(event, event.type);
  await send({
    type: "message_start",
    message: {
      ...{ id: "msg_stand_in", type: "message", role: "assistant", model, content: [] },
      ...{ stop_reason: null, stop_sequence: null, usage },
    },
  });
  await send({ type: "ping" });
  let index = 0;
  const block = async (content_block: object, deltas: object[]) => {
    await send({ type: "content_block_start", index, content_block });
    for (const delta of deltas) {
      if (!(await send({ type: "content_block_delta", index, delta }))) return;
    }
    await send({ type: "content_block_stop", index });
    index += 1;
  };
  const thought = answer.reasoning.join("");
  if (thought !== "" && answer.isRedacted) {
    await block({ type: "redacted_thinking", data: redactThought(thought) }, []);
  } else if (thought !== "") {
    await block({ type: "thinking", thinking: "", signature: "" }, [
      ...answer.reasoning.map((thinking) => ({ type: "thinking_delta", thinking })),
      { type: "signature_delta", signature: signThought(thought) },
    ]);
  }
  if (answer.tokens.length > 0) {
    const deltas = answer.tokens.map((text) => ({ type: "text_delta", text }));
    await block({ type: "text", text: "" }, deltas);
  }
  for (const { id, name, pieces } of answer.calls) {
    const deltas = ["", ...pieces].map((it) => ({ type: "input_json_delta", partial_json: it }));
    await block({ type: "tool_use", id: `toolu_${id}`, name, input: {} }, deltas);
  }
  await send({
    type: "message_delta",
    delta: { stop_reason: STOP_REASONS[answer.end], stop_sequence: answer.stopString ?? null },
    usage: { output_tokens: answer.completionTokens },
  });
  await send({ type: "message_stop" });
}
