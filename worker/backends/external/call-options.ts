import type {
  JSONObject,
  LanguageModelV3CallOptions,
  LanguageModelV3FunctionTool,
} from "@ai-sdk/provider";
import { AppError } from "@/lib/errors";
import type { Grammar, ToolRequest } from "@/lib/protocol/answer-shape";
import type { GenerateRequest, Sampling } from "@/lib/protocol/generate-request";
import type { ModelEntry } from "@/lib/protocol/model-entry";
import { PROVIDERS } from "@/lib/protocol/provider-table";
import { toOwnSeed } from "../own-seed";
import { declaredFields } from "./external-offer";
import { type ReasoningWish, toReasoningWish } from "./reasoning-options";
import { toPrompt } from "./to-prompt";

/** A request as the SDK is asked, and what the SDK has no word for. */
export type ProviderCall = {
  options: LanguageModelV3CallOptions;
  /** Merged into the body that the SDK makes. */
  body: JSONObject;
  /** As `generation-start` tells it. */
  sampling: Sampling & { temperature: number; topP: number };
  maxTokens: number | undefined;
  /** At which the answer is cut here, since the provider does not. */
  stops: readonly string[];
};

/** What the tools or the schema of a request without one is, to providers that need an object. */
const NO_PARAMETERS = { type: "object" as const, properties: {} };

/**
 * @param optionsName under which the SDK looks for the provider's own options
 * @throws AppError naming what the provider cannot be asked for.
 */
export function toCall(
  entry: ModelEntry,
  request: GenerateRequest,
  optionsName: string,
): ProviderCall {
  const facts = PROVIDERS[entry.provider];
  const wish = toReasoningWish(entry, request, optionsName);
  const { parameters, fixed } = entry;
  const chosen = chooseSampling(entry, request.sampling, wish);
  const maxTokens = request.maxTokens ?? parameters.maxTokens;
  checkRanges(entry, { ...request, sampling: chosen }, maxTokens);
  const { seesToolImages } = facts;
  const rules = {
    systemPrompt: entry.systemPrompt,
    seesToolImages,
    model: `The model ${entry.name}`,
    thoughts: wish.refusesThoughts ? undefined : { upstreamModel: entry.model, optionsName },
  };
  const own = { ...toOwnOptions(entry, request), ...parameters.options, ...wish.options };
  const { temperature, topP, topK, presencePenalty, frequencyPenalty } = chosen;
  // A further answer comes with the seed of the first, which a worker of another kind may have drawn.
  const seed = declaredFields(entry).includes("sampling.seed") ? toOwnSeed(request) : undefined;
  return {
    options: {
      prompt: toPrompt(request.messages, rules),
      ...leaveOut({ temperature, seed, maxOutputTokens: lessBudget(maxTokens, wish) }),
      ...(topP !== undefined && topP < 1 && { topP }),
      ...(topK !== undefined && topK > 0 && !facts.isOpenAiShaped && { topK }),
      ...leaveOut({ presencePenalty: orNone(presencePenalty) }),
      ...leaveOut({ frequencyPenalty: orNone(frequencyPenalty) }),
      ...(request.stop.length > 0 && facts.stopsMax > 0 && { stopSequences: request.stop }),
      ...(request.grammar && { responseFormat: toResponseFormat(request.grammar) }),
      ...(request.toolRequest && toTools(request.toolRequest)),
      ...(Object.keys(own).length > 0 && { providerOptions: { [optionsName]: own } }),
    },
    body: {
      ...parameters.extraBody,
      ...toBody(entry, { ...request, sampling: chosen }),
      ...wish.body,
    },
    sampling: {
      ...chosen,
      temperature: temperature ?? fixed.temperature ?? facts.defaults.temperature,
      topP: topP ?? fixed.topP ?? facts.defaults.topP,
    },
    maxTokens,
    stops: facts.stopsMax === 0 ? request.stop : [],
  };
}

/** What the request says, and where it says nothing what the entry recommends; what is fixed is never sent. */
function chooseSampling(entry: ModelEntry, asked: Sampling, wish: ReasoningWish): Sampling {
  const { parameters, fixed } = entry;
  const chosen: Sampling = { ...asked };
  if (!wish.excludesSampling) {
    // Anthropic takes one of the two; a request's own word counts more than ours.
    const isPair = asked.temperature !== undefined || asked.topP !== undefined;
    const fills = !(isPair && excludesPairs(entry));
    if (fills) chosen.temperature ??= parameters.temperature;
    if (fills) chosen.topP ??= parameters.topP;
    chosen.topK ??= parameters.topK;
  }
  for (const name of ["temperature", "topP"] as const) {
    const value = fixed[name];
    if (value === undefined) continue;
    if (asked[name] !== undefined && asked[name] !== value) {
      throw new AppError("unsupported-parameter", {
        message: `${entry.name} has ${name === "topP" ? "top_p" : "temperature"} ${value} and no other. Leave it out, or choose another model.`,
        param: `sampling.${name}`,
      });
    }
    delete chosen[name];
  }
  return chosen;
}

/** Its API refuses both at once, and the SDK then leaves out top_p. */
function excludesPairs({ provider }: ModelEntry): boolean {
  return provider === "anthropic" || provider === "vertex-anthropic";
}

function checkRanges(
  entry: ModelEntry,
  { sampling, stop }: Pick<GenerateRequest, "sampling" | "stop">,
  maxTokens: number | undefined,
): void {
  const { temperatureMax, stopsMax } = PROVIDERS[entry.provider];
  const { temperature, topP = 1 } = sampling;
  const refuse = (param: string, message: string): never => {
    throw new AppError("unsupported-parameter", { message, param });
  };
  if (temperature !== undefined && temperature > temperatureMax) {
    refuse(
      "sampling.temperature",
      `${entry.name} takes a temperature of at most ${temperatureMax}.`,
    );
  }
  if (temperature !== undefined && topP < 1 && excludesPairs(entry)) {
    refuse("sampling.topP", `${entry.name} takes a temperature or top_p, not both. Leave one out.`);
  }
  if (stopsMax > 0 && stop.length > stopsMax) {
    refuse("stop", `${entry.name} takes at most ${stopsMax} stop strings.`);
  }
  if (maxTokens === 0) {
    refuse("maxTokens", `${entry.name} cannot be asked for an answer of no tokens; allow one.`);
  }
}

/** The SDK adds what is set aside for reasoning to what it is given. */
function lessBudget(maxTokens: number | undefined, { budgetTokens = 0 }: ReasoningWish) {
  return maxTokens === undefined ? undefined : maxTokens - budgetTokens;
}

const orNone = (value: number | undefined) => (value === 0 ? undefined : value);

function leaveOut<Values extends Record<string, unknown>>(values: Values) {
  const kept = Object.entries(values).filter(([, value]) => value !== undefined);
  // What is left has the same keys with the same values.
  return Object.fromEntries(kept) as { [Key in keyof Values]?: Exclude<Values[Key], undefined> };
}

function toResponseFormat(grammar: Grammar): LanguageModelV3CallOptions["responseFormat"] {
  if (grammar.type !== "json-schema") return { type: "json" };
  const { schema } = grammar;
  // `true` allows anything, as a schema without rules does; `false` allows nothing, which no provider can say.
  if (typeof schema !== "boolean") return { type: "json", schema };
  if (schema) return { type: "json", schema: {} };
  throw new AppError("invalid-request", {
    message: "The schema allows no answer at all. Send one that allows some.",
    param: "grammar",
  });
}

function toTools({ tools, choice }: ToolRequest): Partial<LanguageModelV3CallOptions> {
  return {
    tools: tools.map(
      ({ name, description, parameters, isStrict }): LanguageModelV3FunctionTool => ({
        type: "function",
        name,
        ...(description !== undefined && { description }),
        inputSchema: typeof parameters === "object" ? parameters : NO_PARAMETERS,
        ...(isStrict !== undefined && { strict: isStrict }),
      }),
    ),
    toolChoice:
      typeof choice === "object" ? { type: "tool", toolName: choice.name } : { type: choice },
  };
}

/** For providers whose wire is not OpenAI's chat completions. */
function toOwnOptions(
  { provider, features }: ModelEntry,
  { toolRequest }: GenerateRequest,
): JSONObject {
  const isSingle = toolRequest?.isParallel === false;
  switch (provider) {
    case "openai-responses":
      return {
        // What visitors write is not kept by the provider for a later reference that never comes.
        store: false,
        ...(isSingle && { parallelToolCalls: false }),
        ...(features.includes("reasoning") && { forceReasoning: true, reasoningSummary: "auto" }),
      };
    case "openai":
    case "azure":
      // Of a deployment's name or a new model's the SDK cannot know it.
      return features.includes("reasoning") ? { forceReasoning: true } : {};
    case "anthropic":
    case "vertex-anthropic":
      return isSingle ? { disableParallelToolUse: true } : {};
    case "mistral":
      // An answer by a schema is one that keeps to it.
      return { strictJsonSchema: true };
    default:
      return {};
  }
}

/** What servers of OpenAI's shape are told beside what the SDK tells them. */
function toBody(
  { provider }: ModelEntry,
  { sampling, toolRequest, minTokens, stopTokenIds, ignoreEos }: GenerateRequest,
): JSONObject {
  if (!PROVIDERS[provider].isOpenAiShaped) return {};
  const { topK, minP, repetitionPenalty, logitBias } = sampling;
  const single = provider === "xai" ? "parallel_function_calling" : "parallel_tool_calls";
  return {
    ...(topK !== undefined && topK > 0 && { top_k: topK }),
    ...(minP !== undefined && minP > 0 && { min_p: minP }),
    ...(repetitionPenalty !== undefined &&
      repetitionPenalty !== 1 && { repetition_penalty: repetitionPenalty }),
    ...(logitBias && Object.keys(logitBias).length > 0 && { logit_bias: logitBias }),
    ...(minTokens !== undefined && minTokens > 0 && { min_tokens: minTokens }),
    ...(stopTokenIds && stopTokenIds.length > 0 && { stop_token_ids: stopTokenIds }),
    ...(ignoreEos && { ignore_eos: true }),
    ...(toolRequest?.isParallel === false && { [single]: false }),
    // Else it passes over what the chosen machine cannot do, without a word.
    ...(provider === "openrouter" && { provider: { require_parameters: true } }),
  };
}
