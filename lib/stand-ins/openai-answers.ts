import * as z from "zod";
import { cutAtStop } from "./cut-at-stop";
import type { Guise, ServedStandIn } from "./openai-guises";
import { chatScores, completionScores } from "./openai-scores";
import { fillSchema, idOf, toTokens, toVector, writeAnswer } from "./stand-in-model";
import type { StandInExchange } from "./stand-in-server";
import {
  type Begun,
  type EngineFlags,
  NO_THINK,
  namesIds,
  REASONING,
  toBegun,
  toChatPromptIds,
} from "./token-ids";

/** What a stand-in of OpenAI's wire answers with, streamed or whole. */

export type Place = {
  exchange: StandInExchange;
  guise: Guise;
  models: readonly ServedStandIn[];
  tokenMs: number;
  /** Of vLLM. */
  flags?: EngineFlags;
};

export const toolSchema = z.object({
  function: z.object({ name: z.string(), parameters: z.unknown().optional() }),
});
const bodySchema = z.looseObject({
  model: z.string(),
  messages: z.array(z.looseObject({ role: z.string(), content: z.unknown() })).optional(),
  prompt: z.union([z.string(), z.array(z.number())]).optional(),
  temperature: z.number().optional(),
  top_p: z.number().optional(),
  seed: z.number().optional(),
  max_tokens: z.number().optional(),
  max_completion_tokens: z.number().optional(),
  stop: z.union([z.string(), z.array(z.string())]).optional(),
  stream: z.boolean().optional(),
  stream_options: z
    .object({ include_usage: z.boolean(), continuous_usage_stats: z.boolean().optional() })
    .optional(),
  logprobs: z.union([z.boolean(), z.number()]).optional(),
  top_logprobs: z.number().optional(),
  echo: z.boolean().optional(),
  tools: z.array(toolSchema).optional(),
  return_token_ids: z.boolean().optional(),
  tool_choice: z.unknown().optional(),
  ignore_eos: z.boolean().optional(),
});

export type Body = z.infer<typeof bodySchema>;

/** An answer before it is written in anybody's form. */
export type Answer = {
  /** Tokens of the text, stop strings and their rest left out. */
  tokens: string[];
  reasoning: string[];
  call: { name: string; arguments: string } | undefined;
  reason: "stop" | "length" | "tool_calls";
  stop: string | undefined;
  promptTokens: number;
  completionTokens: number;
};

type Made = { body: Body; answer: Answer; place: Place; prompt: string };

export async function answerChat(place: Place): Promise<void> {
  const made = make(place);
  if (!made) return;
  const { body, answer } = made;
  const head = {
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1_750_000_000,
    model: body.model,
  };
  if (!body.stream) {
    const choice = {
      ...{ index: 0, message: toMessage(made), ...toChatScores(made, answer.tokens) },
      ...toTokenIds(made, [...answer.reasoning, ...answer.tokens]),
    };
    place.exchange.sendJson({
      ...{ ...head, choices: [toEnd(choice, made)], usage: toUsage(answer) },
      ...{ ...toPromptIds(made), system_fingerprint: place.flags?.fingerprint ?? null },
    });
    return;
  }
  const chunkHead = { ...head, object: "chat.completion.chunk" };
  await stream(made, { head: chunkHead, pieces: chatPieces(made), firstOnly: toPromptIds(made) });
}

export async function answerCompletion(place: Place): Promise<void> {
  const made = make(place);
  if (!made) return;
  const { body, answer } = made;
  const head = {
    id: "cmpl-1",
    object: "text_completion",
    created: 1_750_000_000,
    model: body.model,
  };
  const promptTokens = toTokens(promptOf(body));
  if (!body.stream) {
    const echoed = body.echo ? promptTokens : [];
    const all = body.max_tokens === 0 ? echoed : [...echoed, ...answer.tokens];
    const scores = {
      logprobs: completionScores(all, { body, guise: place.guise, isEcho: body.echo === true }),
    };
    const ids = {
      ...toTokenIds(made, body.max_tokens === 0 ? [] : answer.tokens),
      ...(namesIds(body, place) && { prompt_token_ids: promptTokens.map(idOf) }),
    };
    const choice = toEnd({ index: 0, text: all.join(""), ...scores, ...ids }, made);
    place.exchange.sendJson({ ...head, choices: [choice], usage: toUsage(answer) });
    return;
  }
  const pieces = answer.tokens.map((token) => ({
    ...{ text: token, tokens: 1 },
    ...toTokenIds(made, [token]),
    logprobs: completionScores([token], { body, guise: place.guise, isEcho: false }),
  }));
  await stream(made, { head, pieces });
}

export function answerEmbeddings({ exchange, models, guise }: Place): void {
  const parsed = z
    .object({ model: z.string(), input: z.union([z.string(), z.array(z.unknown())]) })
    .safeParse(exchange.asked.body);
  const model = models.find(({ id }) => id === parsed.data?.model);
  if (!parsed.success || model?.kind !== "embeddings") {
    exchange.sendJson(
      guise.toError(400, { message: "The model does not support embeddings." }),
      400,
    );
    return;
  }
  const { input } = parsed.data;
  const texts = typeof input === "string" ? [input] : input.map((it) => String(it));
  const data = texts.map((text, index) => ({
    object: "embedding",
    index,
    embedding: toVector(text),
  }));
  const tokens = texts.reduce((sum, text) => sum + toTokens(text).length, 0);
  const usage = { prompt_tokens: tokens, total_tokens: tokens };
  // Order is by the index alone.
  exchange.sendJson({ object: "list", data: data.toReversed(), model: model.id, usage });
}

/** A template that can be told not to reason says so where the assistant begins. */
function readPrompt(body: Body, { reasons }: ServedStandIn): string {
  const isOff = reasons && body.messages !== undefined && !isThinking(body);
  return `${promptOf(body)}${isOff ? NO_THINK : ""}`;
}

/** The answer, unless the request is refused. */
function make(place: Place): Made | undefined {
  const { exchange, guise, models } = place;
  const parsed = bodySchema.safeParse(exchange.asked.body);
  const refuse = (status: number, words: Parameters<Guise["toError"]>[1]) =>
    void exchange.sendJson(guise.toError(status, words), status);
  if (!parsed.success) return refuse(400, { message: "The body is not understood." });
  const body = parsed.data;
  const model = models.find(({ id }) => id === body.model);
  if (!model) {
    const message = `The model \`${body.model}\` does not exist.`;
    return refuse(404, { message, code: "model_not_found" });
  }
  if (model.kind === "rerank") {
    return refuse(404, { message: "The model does not support Chat Completions API." });
  }
  const begun = toBegun(body.prompt, guise);
  const prompt = begun?.prompt ?? readPrompt(body, model);
  const promptTokens = Array.isArray(body.prompt) ? body.prompt.length : toTokens(prompt).length;
  if (promptTokens >= model.contextLength) {
    const message = `This model's maximum context length is ${model.contextLength} tokens. However, your prompt has ${promptTokens} tokens.`;
    return refuse(400, { message, param: "messages" });
  }
  // As a check of any server's would, by the field's own name.
  if (body.top_p !== undefined && (body.top_p <= 0 || body.top_p > 1)) {
    return refuse(400, { message: "top_p must be in (0, 1].", param: "top_p" });
  }
  return {
    body,
    place,
    prompt,
    answer: write(body, { guise, model, prompt, promptTokens, begun }),
  };
}

type Source = {
  guise: Guise;
  model: ServedStandIn;
  prompt: string;
  promptTokens: number;
  begun: Begun | undefined;
};

function write(body: Body, { guise, model, prompt, promptTokens, begun }: Source): Answer {
  const max = body.max_completion_tokens ?? body.max_tokens;
  const call = toCall(body, guise);
  const json = toJson(body, guise);
  const reasons = model.reasons && body.messages !== undefined && isThinking(body);
  const reasoning = reasons ? REASONING : [];
  const said = begun?.count ?? 0;
  const left = max === undefined ? undefined : Math.max(0, max - reasoning.length) + said;
  const seed = guise.knows.has("seed") ? body.seed : undefined;
  const ignoresEnd = guise.knows.has("ignore_eos") && body.ignore_eos;
  const drawn =
    call || json !== undefined
      ? { tokens: json === undefined ? [] : toTokens(json), isCut: false }
      : writeAnswer({ prompt, temperature: body.temperature, seed, max: left, ignoresEnd });
  const cut = cutAtStop(drawn.tokens.slice(said), body.stop);
  const usedTokens = cut.used + reasoning.length + (call ? 12 : 0);
  return {
    ...{ tokens: cut.tokens, reasoning, call, stop: cut.stop, promptTokens },
    reason: call ? "tool_calls" : cut.stop === undefined && drawn.isCut ? "length" : "stop",
    completionTokens: usedTokens,
  };
}

function isThinking(body: Body): boolean {
  const asked = body.chat_template_kwargs as { enable_thinking?: boolean } | undefined;
  return asked?.enable_thinking !== false && body.reasoning_effort !== "none";
}

/** The last message names the tool, or the choice demands one. */
function toCall({ tools, tool_choice: choice, messages = [] }: Body, guise: Guise) {
  const knowsChoice = guise.knows.has("tool_choice");
  if (!tools || !guise.knows.has("tools") || (knowsChoice && choice === "none")) return undefined;
  const last = JSON.stringify(messages.at(-1)?.content ?? "");
  const named = typeof choice === "object" ? JSON.stringify(choice) : "";
  const tool = tools.find(({ function: { name } }) => last.includes(name) || named.includes(name));
  const chosen = tool ?? (knowsChoice && choice === "required" ? tools[0] : undefined);
  if (!chosen) return undefined;
  const { name, parameters } = chosen.function;
  return { name, arguments: JSON.stringify(fillSchema(parameters) ?? {}) };
}

/** The text of an answer that has to have a form, where this server knows how to ask for it. */
function toJson(body: Body, { knows }: Guise): string | undefined {
  const format = body.response_format as Format | undefined;
  if (format && knows.has("response_format")) {
    if (format.type === "json_object") return '{"lantern": 7}';
    if (format.type === "json_schema")
      return JSON.stringify(fillSchema(format.json_schema?.schema));
  }
  if (format && knows.has("tgi_response_format")) {
    if (format.type === "json_schema") return JSON.stringify(fillSchema(format.value?.schema));
    if (format.type === "json" || format.type === "json_object")
      return JSON.stringify(fillSchema(format.value));
    if (format.type === "regex") return "7";
  }
  const structured = body.structured_outputs as { choice?: string[]; regex?: string } | undefined;
  if (structured && knows.has("structured_outputs")) return structured.choice?.[0] ?? "7";
  if (body.regex !== undefined && knows.has("regex")) {
    return /^\(?(\w+)\|/.exec(String(body.regex))?.[1] ?? "7";
  }
  const quoted = knows.has("grammar")
    ? /"((?:[^"\\]|\\.)*)"/.exec(String(body.grammar ?? ""))
    : null;
  return quoted?.[1];
}

/** What is read of a `response_format`; whoever sends another form is answered as if there were none. */
type Format = {
  type: string;
  json_schema?: { schema?: unknown };
  value?: { schema?: unknown };
};

/** What a chat template would make of it; open, it ends where the assistant begins. */
export function promptOf(
  { messages, prompt, tools }: Pick<Body, "messages" | "prompt" | "tools">,
  isOpen = true,
): string {
  if (prompt !== undefined) return typeof prompt === "string" ? prompt : prompt.join(" ");
  const lines = (messages ?? []).map(
    ({ role, content }) =>
      `${role}: ${typeof content === "string" ? content : JSON.stringify(content)}`,
  );
  if (tools) lines.unshift(`tools: ${JSON.stringify(tools)}`);
  return [...lines, ...(isOpen ? ["assistant:"] : [])].join("\n");
}

type Piece = { tokens: number } & Record<string, unknown>;

function* chatPieces(made: Made): Generator<Piece> {
  const { answer, place } = made;
  const { reasoning } = place.guise;
  yield { delta: { role: "assistant", content: "" }, tokens: 0 };
  if (reasoning === "inline" && answer.reasoning.length > 0) {
    const text = `<think>\n${answer.reasoning.join("")}\n</think>\n\n`;
    for (const token of toTokens(text)) yield { delta: { content: token }, tokens: 0 };
  } else {
    for (const token of answer.reasoning) {
      yield { delta: { [reasoning]: token }, tokens: 1, ...toTokenIds(made, [token]) };
    }
  }
  for (const token of answer.tokens) {
    yield {
      ...{ delta: { content: token }, tokens: 1 },
      ...toChatScores(made, [token]),
      ...toTokenIds(made, [token]),
    };
  }
  if (answer.call) yield* callPieces(answer.call, place.guise);
}

function* callPieces(call: { name: string; arguments: string }, guise: Guise): Generator<Piece> {
  const whole = { id: "call_stand_in_1", type: "function" };
  if (guise.sendsWholeCalls) {
    yield { delta: { tool_calls: [{ ...whole, index: 0, function: call }] }, tokens: 12 };
    return;
  }
  const begun = { ...whole, index: 0, function: { name: call.name, arguments: "" } };
  yield { delta: { tool_calls: [begun] }, tokens: 2 };
  for (let at = 0; at < call.arguments.length; at += 7) {
    const part = { index: 0, function: { arguments: call.arguments.slice(at, at + 7) } };
    yield { delta: { tool_calls: [part] }, tokens: 1 };
  }
}

type Streamed = { head: object; pieces: Iterable<Piece>; firstOnly?: object };

async function stream(made: Made, { head, pieces, firstOnly = {} }: Streamed): Promise<void> {
  const { body, answer, place } = made;
  const { exchange, guise, tokenMs } = place;
  const writer = exchange.openEvents();
  const isContinuous =
    body.stream_options?.continuous_usage_stats && guise.knows.has("continuous_usage_stats");
  let written = 0;
  let first = firstOnly;
  for (const { tokens, ...choice } of pieces) {
    written = Math.min(answer.completionTokens, written + tokens);
    if (tokenMs > 0) await exchange.wait(tokenMs);
    const usage = isContinuous ? { usage: { ...toUsage(answer), completion_tokens: written } } : {};
    const chunk = { ...head, choices: [{ index: 0, ...choice, finish_reason: null }], ...usage };
    if (!(await writer.send({ ...chunk, ...first }))) return;
    first = {};
  }
  const empty = "prompt" in body ? { text: "" } : { delta: {} };
  await writer.send({ ...head, choices: [toEnd({ index: 0, ...empty }, made)] });
  if (body.stream_options?.include_usage) {
    await writer.send({ ...head, choices: [], usage: toUsage(answer) });
  }
  await writer.send("[DONE]");
  writer.end();
}

function toEnd(choice: object, { answer, place }: Made): object {
  const { stopField } = place.guise;
  const told = stopField ? { [stopField]: answer.stop ?? null } : {};
  return { ...choice, finish_reason: answer.reason, ...told };
}

function toMessage({ answer, place }: Made): object {
  const { call } = answer;
  const name = place.guise.reasoning;
  const reasoning = answer.reasoning.join("");
  const isInline = name === "inline" && reasoning !== "";
  const text = answer.tokens.join("");
  return {
    role: "assistant",
    content: isInline ? `<think>\n${reasoning}\n</think>\n\n${text}` : text,
    ...(reasoning !== "" && !isInline && { [name]: reasoning }),
    ...(call && { tool_calls: [{ id: "call_stand_in_1", type: "function", function: call }] }),
  };
}

function toChatScores({ body, place }: Made, tokens: readonly string[]): object {
  if (!body.logprobs || !place.guise.knows.has("logprobs")) return {};
  return { logprobs: chatScores(tokens, { body, guise: place.guise }) };
}

/** vLLM's, where it is asked for them. */
function toTokenIds(made: Made, tokens: readonly string[]): object {
  return namesIds(made.body, made.place) ? { token_ids: tokens.map(idOf) } : {};
}

/** Of a chat; vLLM tells it beside the choices, once. */
function toPromptIds({ body, place, prompt }: Made): object {
  return namesIds(body, place) ? toChatPromptIds(prompt, place) : {};
}

function toUsage({ promptTokens, completionTokens }: Answer): object {
  return {
    ...{ prompt_tokens: promptTokens, completion_tokens: completionTokens },
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: 0 },
  };
}
