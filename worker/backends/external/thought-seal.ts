import { createHash } from "node:crypto";
import type {
  JSONObject,
  SharedV3ProviderMetadata,
  SharedV3ProviderOptions,
} from "@ai-sdk/provider";
import * as z from "zod";
import { THOUGHT_SEAL_PREFIX, type Thought } from "@/lib/protocol/message";
import { THOUGHT_SEAL_CHARACTERS_MAX } from "@/lib/upstream-limits";

/**
 * What a provider wants to have back of a model's thoughts, as a text that callers keep and send again: Claude's
 * signatures and redacted thoughts, OpenAI's encrypted reasoning, Gemini's signatures of thoughts and of calls.
 */

/** The SDK's words for it, in the options of a part; callers hold the text, so nothing else is taken out of one. */
const keptSchema = z.strictObject({
  signature: z.string().optional(),
  redactedData: z.string().optional(),
  thoughtSignature: z.string().optional(),
  itemId: z.string().optional(),
  reasoningEncryptedContent: z.string().optional(),
});
/** By themselves they say nothing: OpenAI tells an item's name with every part. */
const SEALS = [
  "signature",
  "redactedData",
  "thoughtSignature",
  "reasoningEncryptedContent",
] as const;

type Kept = z.infer<typeof keptSchema>;

const sealSchema = z.strictObject({
  /** Whose it is: to another model it says nothing, and most providers refuse it. */
  by: z.string(),
  kept: keptSchema,
  /** Of a call, and not of reasoning. */
  callId: z.string().optional(),
});

/** What the parts of one message get back. */
export type Unsealed = {
  reasoning: { text: string; after: number; options: SharedV3ProviderOptions }[];
  calls: ReadonlyMap<string, SharedV3ProviderOptions>;
};

/**
 * @param upstreamModel as the provider calls it
 * @returns undefined for a part of which nothing is wanted back
 */
export function toSeal(
  metadata: SharedV3ProviderMetadata | undefined,
  { upstreamModel, callId }: { upstreamModel: string; callId?: string },
): string | undefined {
  const kept = keep(metadata);
  if (!SEALS.some((name) => kept[name] !== undefined)) return undefined;
  const sealed = { by: ownerOf(upstreamModel), kept, ...(callId !== undefined && { callId }) };
  const text = THOUGHT_SEAL_PREFIX + Buffer.from(JSON.stringify(sealed)).toString("base64url");
  return text.length > THOUGHT_SEAL_CHARACTERS_MAX ? undefined : text;
}

/** Seals of other models, and what is none, are left out. */
export function unseal(
  thoughts: readonly Thought[],
  { upstreamModel, optionsName }: { upstreamModel: string; optionsName: string },
): Unsealed {
  const reasoning: Unsealed["reasoning"] = [];
  const calls = new Map<string, SharedV3ProviderOptions>();
  for (const { text, seal, after } of thoughts) {
    const read = readSeal(seal);
    if (read?.by !== ownerOf(upstreamModel)) continue;
    // Its values are texts, every one of them.
    const options = { [optionsName]: read.kept as JSONObject };
    if (read.callId === undefined) reasoning.push({ text, after, options });
    else calls.set(read.callId, options);
  }
  return { reasoning, calls };
}

/** Under whatever name the package tells it. */
function keep(metadata: SharedV3ProviderMetadata = {}): Kept {
  const told: Record<string, unknown> = Object.assign({}, ...Object.values(metadata));
  const texts = Object.keys(keptSchema.shape).flatMap((name) =>
    typeof told[name] === "string" ? [[name, told[name]]] : [],
  );
  return Object.fromEntries(texts);
}

function readSeal(text: string): z.infer<typeof sealSchema> | undefined {
  try {
    const bytes = Buffer.from(text.slice(THOUGHT_SEAL_PREFIX.length), "base64url");
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    return sealSchema.safeParse(value).data;
  } catch {
    return undefined;
  }
}

/** Which model of which provider is behind a name is an operator's to tell. */
function ownerOf(upstreamModel: string): string {
  return createHash("sha256").update(upstreamModel).digest("hex").slice(0, 16);
}
