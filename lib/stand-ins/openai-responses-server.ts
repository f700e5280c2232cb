import * as z from "zod";
import { answerProvider, type ProviderAnswer, type ProviderAsk } from "./provider-answer";
import { signThought } from "./signed-thoughts";
import { toTokens } from "./stand-in-model";
import { type EventWriter, type StandIn, startStandIn } from "./stand-in-server";

/** OpenAI's Responses API, streamed (platform.openai.com: Responses, Streaming events). */

export type ResponsesStandInOptions = {
  models?: readonly string[];
  key?: string;
  contextLength?: number;
  /** Pause before each event. */
  eventMs?: number | undefined;
};

const partSchema = z.looseObject({ type: z.string(), text: z.string().optional() });
const itemSchema = z.looseObject({
  type: z.string().optional(),
  role: z.string().optional(),
  content: z.union([z.string(), z.array(partSchema)]).optional(),
  output: z.union([z.string(), z.array(partSchema)]).optional(),
  summary: z.array(partSchema).optional(),
  encrypted_content: z.string().nullish(),
});
const requestSchema = z.looseObject({
  model: z.string(),
  stream: z.literal(true),
  store: z.boolean().optional(),
  include: z.array(z.string()).optional(),
  input: z.array(itemSchema).min(1),
  temperature: z.number().min(0).max(2).optional(),
  top_p: z.number().min(0).max(1).optional(),
  max_output_tokens: z.number().int().min(1).optional(),
  reasoning: z.looseObject({ effort: z.string().optional() }).optional(),
  text: z
    .looseObject({
      format: z.looseObject({ type: z.string(), schema: z.unknown().optional() }).optional(),
    })
    .optional(),
  tools: z.array(z.looseObject({ type: z.literal("function"), name: z.string() })).optional(),
  tool_choice: z
    .union([z.string(), z.looseObject({ type: z.literal("function"), name: z.string() })])
    .optional(),
  parallel_tool_calls: z.boolean().optional(),
});
type Item = z.infer<typeof itemSchema>;
type ResponsesRequest = z.infer<typeof requestSchema>;

const ERROR_TYPES: Record<number, string> = {
  ...{ 401: "invalid_request_error", 429: "rate_limit_error", 500: "server_error" },
};

function toError(status: number, message: string, code: string | null = null) {
  const type = ERROR_TYPES[status] ?? "invalid_request_error";
  return { error: { message, type, param: null, code } };
}

export async function startResponsesServer(
  options: ResponsesStandInOptions = {},
): Promise<StandIn> {
  const { models = ["gpt-stand-in"], key = "sk-stand-in", contextLength = 2_048 } = options;
  return await startStandIn({
    ...{ toError, eventMs: options.eventMs },
    handle: async ({ asked, sendJson, openEvents }) => {
      const refuse = (status: number, message: string, code?: string) =>
        sendJson(toError(status, message, code), status);
      if (asked.headers.authorization !== `Bearer ${key}`) {
        return refuse(401, "Incorrect API key provided.", "invalid_api_key");
      }
      if (asked.path !== "/v1/responses") return refuse(404, "Unknown request URL.");
      const parsed = requestSchema.safeParse(asked.body);
      if (!parsed.success) {
        return refuse(400, `Invalid value at ${parsed.error.issues[0]?.path.join(".")}.`);
      }
      const { data } = parsed;
      if (!models.includes(data.model)) {
        return refuse(404, `The model '${data.model}' does not exist.`, "model_not_found");
      }
      if (!data.input.every(isKnownThought)) {
        const message = "The encrypted content of a reasoning item could not be verified.";
        return refuse(400, message, "invalid_encrypted_content");
      }
      const ask = toAsk(data);
      const length = toTokens(ask.prompt).length;
      if (length > contextLength) {
        const message = `Your input of ${length} tokens exceeds the context window of ${contextLength} tokens of this model.`;
        return refuse(400, message, "context_length_exceeded");
      }
      const events = openEvents();
      const encrypts = data.include?.includes("reasoning.encrypted_content") === true;
      await new Teller(events, data.model, encrypts).tell(answerProvider(ask));
      events.end();
    },
  });
}

/** What is not kept here is sent again, in cipher. */
function isKnownThought({ type, summary = [], encrypted_content: cipher }: Item): boolean {
  if (type !== "reasoning") return true;
  return cipher === signThought(summary.map(({ text = "" }) => text).join(""));
}

function toAsk(request: ResponsesRequest): ProviderAsk {
  const { input, tools, tool_choice: choice, text, reasoning } = request;
  const parts = input.flatMap(({ content, output }) => {
    const said = content ?? output ?? [];
    return typeof said === "string" ? [{ type: "text", text: said }] : said;
  });
  const format = text?.format;
  const isJson = format?.type === "json_schema" || format?.type === "json_object";
  const effort = reasoning?.effort;
  return {
    prompt: parts
      .map(({ text: it = "" }) => it)
      .filter((it) => it !== "")
      .join("\n"),
    temperature: request.temperature,
    maxTokens: request.max_output_tokens,
    tools: (tools ?? []).map(({ name, parameters: schema }) => ({ name, schema })),
    demand: typeof choice === "object" ? choice.name : choice === "required" ? "" : undefined,
    mayCall: choice !== "none" && input.at(-1)?.type !== "function_call_output",
    isSingle: request.parallel_tool_calls === false,
    reasons: effort !== undefined && effort !== "none",
    schema: isJson ? (format.schema ?? { type: "object", properties: {} }) : undefined,
    images: parts.filter(({ type }) => type === "input_image").length,
  };
}

/** Events in their order, each with its number. */
class Teller {
  readonly #events: EventWriter;
  readonly #head: object;
  readonly #encrypts: boolean;
  #number = 0;
  #output = 0;

  constructor(events: EventWriter, model: string, encrypts: boolean) {
    this.#events = events;
    this.#encrypts = encrypts;
    this.#head = { id: "resp_stand_in", object: "response", created_at: 1_700_000_000, model };
  }

  async tell(answer: ProviderAnswer): Promise<void> {
    await this.#send("response.created", { response: { ...this.#head, status: "in_progress" } });
    if (answer.reasoning.length > 0) await this.#reason(answer.reasoning);
    if (answer.tokens.length > 0) await this.#say(answer.tokens);
    for (const call of answer.calls) await this.#call(call);
    const isCut = answer.end === "length" || answer.end === "filtered";
    const reason = answer.end === "length" ? "max_output_tokens" : "content_filter";
    const response = {
      ...this.#head,
      status: isCut ? "incomplete" : "completed",
      incomplete_details: isCut ? { reason } : null,
      usage: {
        input_tokens: answer.promptTokens,
        input_tokens_details: { cached_tokens: answer.cachedTokens },
        output_tokens: answer.completionTokens,
        output_tokens_details: { reasoning_tokens: answer.reasoningTokens },
        total_tokens: answer.promptTokens + answer.completionTokens,
      },
    };
    await this.#send(isCut ? "response.incomplete" : "response.completed", { response });
  }

  async #reason(tokens: string[]): Promise<void> {
    const id = "rs_stand_in";
    const item = { type: "reasoning", id, summary: [] };
    const cipher = this.#encrypts ? { encrypted_content: signThought(tokens.join("")) } : {};
    const tell = async (output_index: number) => {
      const place = { item_id: id, output_index, summary_index: 0 };
      const part = { type: "summary_text", text: "" };
      await this.#send("response.reasoning_summary_part.added", { ...place, part });
      for (const delta of tokens) {
        if (!(await this.#send("response.reasoning_summary_text.delta", { ...place, delta })))
          return;
      }
      const text = tokens.join("");
      await this.#send("response.reasoning_summary_part.done", {
        ...place,
        part: { ...part, text },
      });
    };
    await this.#item(item, tell, { ...item, ...cipher });
  }

  async #say(tokens: string[]): Promise<void> {
    const id = "msg_stand_in";
    const item = { type: "message", id, role: "assistant", status: "in_progress", content: [] };
    await this.#item(item, async (output_index) => {
      const place = { item_id: id, output_index, content_index: 0 };
      for (const delta of tokens) {
        if (!(await this.#send("response.output_text.delta", { ...place, delta }))) return;
      }
      await this.#send("response.output_text.done", { ...place, text: tokens.join("") });
    });
  }

  async #call({ id: callId, name, pieces }: ProviderAnswer["calls"][number]): Promise<void> {
    const id = `fc_${callId}`;
    const item = { type: "function_call", id, call_id: callId, name, arguments: "" };
    const whole = pieces.join("");
    const done = { ...item, arguments: whole, status: "completed" };
    await this.#item(
      item,
      async (output_index) => {
        const place = { item_id: id, output_index };
        for (const delta of pieces) {
          if (!(await this.#send("response.function_call_arguments.delta", { ...place, delta })))
            return;
        }
        await this.#send("response.function_call_arguments.done", { ...place, arguments: whole });
      },
      done,
    );
  }

  async #item(item: object, tell: (index: number) => Promise<void>, done = item): Promise<void> {
    const output_index = this.#output;
    this.#output += 1;
    await this.#send("response.output_item.added", { output_index, item });
    await tell(output_index);
    await this.#send("response.output_item.done", { output_index, item: done });
  }

  #send(type: string, more: object): Promise<boolean> {
    const sequence_number = this.#number;
    this.#number += 1;
    return this.#events.send({ type, sequence_number, ...more }, type);
  }
}
