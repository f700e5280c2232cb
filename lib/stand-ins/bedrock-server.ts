import * as z from "zod";
import { AWS_EVENT_STREAM } from "./aws-event-stream";
import { answerProvider, type ProviderAnswer, type ProviderAsk } from "./provider-answer";
import { toTokens } from "./stand-in-model";
import { type Asked, type EventWriter, type StandIn, startStandIn } from "./stand-in-server";

/**
 * Amazon Bedrock's ConverseStream (docs.aws.amazon.com, Bedrock Runtime API reference): a signed request, an
 * answer in Amazon's binary event stream, exceptions among the events.
 */

export type BedrockStandInOptions = {
  models?: readonly string[];
  /** Whose signature is taken, and for which region. */
  accessKeyId?: string;
  region?: string;
  contextLength?: number;
  /** Pause before each event. */
  eventMs?: number | undefined;
  /** The stream's first event is this exception. */
  exception?: "throttlingException" | "modelStreamErrorException" | undefined;
};

const blockSchema = z.looseObject({
  text: z.string().optional(),
  image: z
    .looseObject({ format: z.string(), source: z.looseObject({ bytes: z.string() }) })
    .optional(),
  toolUse: z.looseObject({ toolUseId: z.string(), name: z.string() }).optional(),
  toolResult: z.looseObject({ toolUseId: z.string(), content: z.array(z.unknown()) }).optional(),
});
const requestSchema = z.looseObject({
  messages: z
    .array(z.looseObject({ role: z.enum(["user", "assistant"]), content: z.array(blockSchema) }))
    .min(1),
  system: z.array(z.looseObject({ text: z.string().optional() })).optional(),
  inferenceConfig: z
    .strictObject({
      maxTokens: z.number().int().min(1).optional(),
      temperature: z.number().min(0).max(1).optional(),
      topP: z.number().min(0).max(1).optional(),
      stopSequences: z.array(z.string()).max(2_500).optional(),
    })
    .optional(),
  additionalModelRequestFields: z
    .looseObject({ thinking: z.looseObject({ type: z.string() }).optional() })
    .optional(),
  toolConfig: z
    .looseObject({
      tools: z.array(
        z.looseObject({
          toolSpec: z
            .looseObject({
              name: z.string(),
              inputSchema: z.looseObject({ json: z.unknown() }),
            })
            .optional(),
        }),
      ),
      toolChoice: z
        .looseObject({
          tool: z.looseObject({ name: z.string() }).optional(),
          any: z.unknown().optional(),
        })
        .optional(),
    })
    .optional(),
});
type ConverseRequest = z.infer<typeof requestSchema>;

const toError = (_status: number, message: string) => ({ message });
const PATH = /^\/model\/([^/]+)\/converse-stream$/;

export async function startBedrockServer(options: BedrockStandInOptions = {}): Promise<StandIn> {
  const { models = ["anthropic.claude-stand-in-v1:0"], contextLength = 2_048 } = options;
  return await startStandIn({
    ...{ toError, eventMs: options.eventMs },
    handle: async ({ asked, sendJson, openEvents }) => {
      const refuse = (status: number, type: string, message: string) =>
        sendJson(toError(status, message), status, { "x-amzn-errortype": type });
      const fault = findSignatureFault(asked, options);
      if (fault !== undefined) return refuse(403, "UnrecognizedClientException", fault);
      const model = decodeURIComponent(PATH.exec(asked.path)?.[1] ?? "");
      if (!models.includes(model)) {
        return refuse(404, "ResourceNotFoundException", "The model is not found.");
      }
      const parsed = requestSchema.safeParse(asked.body);
      if (!parsed.success) {
        const at = parsed.error.issues[0]?.path.join(".");
        return refuse(400, "ValidationException", `The value at ${at} is malformed.`);
      }
      const ask = toAsk(parsed.data);
      if (toTokens(ask.prompt).length > contextLength) {
        return refuse(400, "ValidationException", "Input is too long for requested model.");
      }
      const events = openEvents(AWS_EVENT_STREAM);
      const { exception } = options;
      if (exception === undefined) await stream(events, answerProvider(ask));
      else await events.send({ message: "Too many tokens, please wait." }, exception);
      events.end();
    },
  });
}

/** The signature itself is not computed again: what it covers and who made it is looked at. */
function findSignatureFault({ headers }: Asked, options: BedrockStandInOptions) {
  const { accessKeyId = "AKIASTANDIN", region = "eu-stand-1" } = options;
  const { authorization = "" } = headers;
  if (authorization === `Bearer ${accessKeyId}`) return undefined;
  const scope = `${accessKeyId}/\\d{8}/${region}/bedrock/aws4_request`;
  const isSigned = new RegExp(
    `^AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=[\\w;-]*host[\\w;-]*, Signature=[0-9a-f]{64}$`,
  ).test(authorization);
  if (!isSigned) return "The security token included in the request is invalid.";
  return /^\d{8}T\d{6}Z$/.test(String(headers["x-amz-date"]))
    ? undefined
    : "There is no x-amz-date.";
}

function toAsk(request: ConverseRequest): ProviderAsk {
  const {
    system = [],
    messages,
    inferenceConfig,
    toolConfig,
    additionalModelRequestFields,
  } = request;
  const blocks = messages.flatMap((it) => it.content);
  const choice = toolConfig?.toolChoice;
  const thinking = additionalModelRequestFields?.thinking;
  return {
    prompt: [...system, ...blocks]
      .map(({ text }) => text ?? "")
      .filter((it) => it !== "")
      .join("\n"),
    temperature: inferenceConfig?.temperature,
    maxTokens: inferenceConfig?.maxTokens,
    stops: inferenceConfig?.stopSequences ?? [],
    tools: (toolConfig?.tools ?? []).flatMap(({ toolSpec }) =>
      toolSpec ? [{ name: toolSpec.name, schema: toolSpec.inputSchema.json }] : [],
    ),
    demand: choice?.tool?.name ?? (choice?.any === undefined ? undefined : ""),
    mayCall: blocks.at(-1)?.toolResult === undefined,
    reasons: thinking !== undefined && thinking.type !== "disabled",
    images: blocks.filter(({ image }) => image !== undefined).length,
  };
}

const STOP_REASONS = {
  ...{ stop: "end_turn", length: "max_tokens", "stop-string": "stop_sequence" },
  ...{ calls: "tool_use", filtered: "guardrail_intervened" },
} as const;

async function stream(events: EventWriter, answer: ProviderAnswer): Promise<void> {
  await events.send({ role: "assistant" }, "messageStart");
  let contentBlockIndex = 0;
  const block = async (deltas: object[], start?: object) => {
    if (start) await events.send({ contentBlockIndex, start }, "contentBlockStart");
    for (const delta of deltas) {
      if (!(await events.send({ contentBlockIndex, delta }, "contentBlockDelta"))) return;
    }
    await events.send({ contentBlockIndex }, "contentBlockStop");
    contentBlockIndex += 1;
  };
  if (answer.reasoning.length > 0) {
    await block([
      ...answer.reasoning.map((text) => ({ reasoningContent: { text } })),
      { reasoningContent: { signature: "c3RhbmQtaW4=" } },
    ]);
  }
  if (answer.tokens.length > 0) await block(answer.tokens.map((text) => ({ text })));
  for (const { id, name, pieces } of answer.calls) {
    const toolUse = { toolUseId: `tooluse_${id}`, name };
    await block(
      pieces.map((input) => ({ toolUse: { input } })),
      { toolUse },
    );
  }
  await events.send({ stopReason: STOP_REASONS[answer.end] }, "messageStop");
  const { promptTokens, completionTokens, cachedTokens } = answer;
  const usage = {
    // Those from the cache are counted beside, as with Anthropic itself.
    inputTokens: promptTokens - cachedTokens,
    cacheReadInputTokens: cachedTokens,
    cacheWriteInputTokens: 0,
    outputTokens: completionTokens,
    totalTokens: promptTokens + completionTokens,
  };
  await events.send({ usage, metrics: { latencyMs: 5 } }, "metadata");
}
