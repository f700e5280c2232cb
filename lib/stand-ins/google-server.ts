import * as z from "zod";
import { answerProvider, type ProviderAnswer, type ProviderAsk } from "./provider-answer";
import { explainCallSignatures, signCall } from "./signed-thoughts";
import { toTokens } from "./stand-in-model";
import { type EventWriter, type StandIn, startStandIn } from "./stand-in-server";

/**
 * Google's Gemini API, `models/{model}:streamGenerateContent?alt=sse` (ai.google.dev: GenerateContent, Thinking,
 * Function calling, Safety; errors are google.rpc.Status with its details).
 */

export type GoogleStandInOptions = {
  models?: readonly string[];
  key?: string;
  contextLength?: number;
  /** Pause before each event. */
  eventMs?: number | undefined;
};

const partSchema = z.looseObject({
  text: z.string().optional(),
  thought: z.boolean().optional(),
  inlineData: z.looseObject({ mimeType: z.string(), data: z.string() }).optional(),
  functionCall: z.looseObject({ name: z.string(), args: z.unknown() }).optional(),
  thoughtSignature: z.string().optional(),
  functionResponse: z.looseObject({ name: z.string(), response: z.unknown() }).optional(),
});
const contentSchema = z.looseObject({
  role: z.enum(["user", "model"]).optional(),
  parts: z.array(partSchema),
});
const requestSchema = z.looseObject({
  contents: z.array(contentSchema).min(1),
  systemInstruction: contentSchema.optional(),
  generationConfig: z
    .looseObject({
      temperature: z.number().min(0).max(2).optional(),
      maxOutputTokens: z.number().int().min(1).optional(),
      stopSequences: z.array(z.string()).max(5).optional(),
      seed: z.number().int().optional(),
      responseMimeType: z.string().optional(),
      responseSchema: z.unknown().optional(),
      thinkingConfig: z.looseObject({ includeThoughts: z.boolean().optional() }).optional(),
    })
    .optional(),
  tools: z
    .array(
      z.looseObject({
        functionDeclarations: z
          .array(z.looseObject({ name: z.string(), parameters: z.unknown().optional() }))
          .optional(),
      }),
    )
    .optional(),
  toolConfig: z
    .looseObject({
      functionCallingConfig: z
        .looseObject({ mode: z.string(), allowedFunctionNames: z.array(z.string()).optional() })
        .optional(),
    })
    .optional(),
});
type ContentRequest = z.infer<typeof requestSchema>;

const STATUSES: Record<number, string> = {
  ...{ 400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED" },
  ...{ 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE" },
};

function toError(status: number, message: string) {
  // A wrong key is an argument like another one, which only the details tell apart.
  const isKey = status === 401;
  const code = isKey ? 400 : status;
  const details = [
    ...(isKey
      ? [
          {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            ...{ reason: "API_KEY_INVALID", domain: "googleapis.com" },
          },
        ]
      : []),
    ...(status === 429
      ? [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "7s" }]
      : []),
  ];
  const error = { code, message, status: STATUSES[code] ?? "UNKNOWN" };
  return { error: details.length > 0 ? { ...error, details } : error };
}

const PATH = /^\/v1beta\/models\/([^/:]+):streamGenerateContent$/;

export async function startGoogleServer(options: GoogleStandInOptions = {}): Promise<StandIn> {
  const { models = ["gemini-stand-in"], key = "goog-stand-in", contextLength = 2_048 } = options;
  return await startStandIn({
    ...{ toError, eventMs: options.eventMs },
    handle: async ({ asked, sendJson, openEvents }) => {
      const refuse = (status: number, message: string) =>
        sendJson(toError(status, message), status === 401 ? 400 : status);
      if (asked.headers["x-goog-api-key"] !== key) {
        return refuse(401, "API key not valid. Please pass a valid API key.");
      }
      const model = PATH.exec(asked.path)?.[1];
      if (model === undefined || !models.includes(model)) {
        return refuse(404, `models/${model} is not found for API version v1beta.`);
      }
      const parsed = requestSchema.safeParse(asked.body);
      if (!parsed.success) {
        return refuse(400, `Invalid value at '${parsed.error.issues[0]?.path.join(".")}'.`);
      }
      const isSigned = model.startsWith("gemini-3");
      const unsigned = isSigned ? explainCallSignatures(parsed.data.contents) : undefined;
      if (unsigned !== undefined) return refuse(400, unsigned);
      const ask = toAsk(parsed.data);
      const length = toTokens(ask.prompt).length;
      if (length > contextLength) {
        return refuse(
          400,
          `The input token count (${length}) exceeds the maximum number of tokens allowed (${contextLength}).`,
        );
      }
      const events = openEvents();
      await stream(events, model, answerProvider(ask));
      events.end();
    },
  });
}

function toAsk({
  contents,
  systemInstruction,
  generationConfig,
  tools,
  toolConfig,
}: ContentRequest): ProviderAsk {
  const parts = [...(systemInstruction?.parts ?? []), ...contents.flatMap((it) => it.parts)];
  const calling = toolConfig?.functionCallingConfig;
  const { thinkingConfig, responseMimeType, responseSchema } = generationConfig ?? {};
  const isJson = responseMimeType === "application/json";
  return {
    prompt: parts
      .map(toText)
      .filter((it) => it !== "")
      .join("\n"),
    temperature: generationConfig?.temperature,
    seed: generationConfig?.seed,
    maxTokens: generationConfig?.maxOutputTokens,
    stops: generationConfig?.stopSequences ?? [],
    tools: (tools ?? [])
      .flatMap((it) => it.functionDeclarations ?? [])
      .map(({ name, parameters: schema }) => ({ name, schema })),
    demand: calling?.mode === "ANY" ? (calling.allowedFunctionNames?.[0] ?? "") : undefined,
    mayCall: calling?.mode !== "NONE" && parts.at(-1)?.functionResponse === undefined,
    reasons: thinkingConfig?.includeThoughts === true,
    schema: isJson ? (responseSchema ?? { type: "object", properties: {} }) : undefined,
    images: parts.filter((it) => it.inlineData !== undefined).length,
  };
}

function toText({ text, functionResponse }: z.infer<typeof partSchema>): string {
  return text ?? (functionResponse ? JSON.stringify(functionResponse.response) : "");
}

const FINISH_REASONS = {
  ...{ stop: "STOP", length: "MAX_TOKENS", "stop-string": "STOP", calls: "STOP" },
  filtered: "SAFETY",
} as const;

async function stream(events: EventWriter, model: string, answer: ProviderAnswer): Promise<void> {
  const written = answer.completionTokens - answer.reasoningTokens;
  const usageMetadata = {
    promptTokenCount: answer.promptTokens,
    cachedContentTokenCount: answer.cachedTokens,
    candidatesTokenCount: written,
    thoughtsTokenCount: answer.reasoningTokens,
    totalTokenCount: answer.promptTokens + answer.completionTokens,
  };
  const head = { modelVersion: model, responseId: "stand-in" };
  const send = (part: object) =>
    events.send({ candidates: [{ content: { parts: [part], role: "model" }, index: 0 }], ...head });
  for (const text of answer.reasoning) if (!(await send({ text, thought: true }))) return;
  for (const text of answer.tokens) if (!(await send({ text }))) return;
  for (const { name, pieces } of answer.calls) {
    const functionCall = { name, args: JSON.parse(pieces.join("")) };
    if (!(await send({ functionCall, thoughtSignature: signCall(functionCall) }))) return;
  }
  const last = { content: { parts: [{ text: "" }], role: "model" }, index: 0 };
  const finishReason = FINISH_REASONS[answer.end];
  await events.send({ candidates: [{ ...last, finishReason }], usageMetadata, ...head });
}
