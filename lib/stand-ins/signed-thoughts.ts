import { createHash } from "node:crypto";

/**
 * Thoughts that a provider signs, as the stand-ins of those do it: what comes back is looked at, and what they did
 * not write themselves is refused (docs.anthropic.com: Extended thinking; ai.google.dev: Thought signatures;
 * platform.openai.com: Reasoning, encrypted items).
 */

/** In a question: Claude's thoughts are told in cipher alone. */
export const REDACTED = "the redacted lantern";

export function signThought(text: string): string {
  return createHash("sha256").update(`stand-in\n${text}`).digest("base64");
}

/** In cipher, and out of it again; undefined for what nobody here has written. */
export function redactThought(text: string): string {
  return Buffer.from(JSON.stringify([text, signThought(text)])).toString("base64");
}

function isRedacted(data: string): boolean {
  try {
    const [text, signature] = JSON.parse(Buffer.from(data, "base64").toString("utf8"));
    return signThought(text) === signature;
  } catch {
    return false;
  }
}

type Block = { type: string; thinking?: unknown; signature?: unknown; data?: unknown };
type Turn = { role: string; content: string | readonly Block[] };

/** What Anthropic's API says to thoughts that are not in order; undefined where they are. */
export function explainThoughts(
  messages: readonly Turn[],
  thinking: { type: string } | undefined,
): string | undefined {
  for (const [index, { content }] of messages.entries()) {
    if (typeof content === "string") continue;
    const forged = content.findIndex((it) => !isOwn(it));
    if (forged === -1) continue;
    return `messages.${index}.content.${forged}: Invalid \`signature\` in \`thinking\` block`;
  }
  const index = messages.findLastIndex(({ role }) => role === "assistant");
  const content = messages[index]?.content;
  if (content === undefined || typeof content === "string") return undefined;
  const isThought = (it: Block | undefined) =>
    it?.type === "thinking" || it?.type === "redacted_thinking";
  const hasCalls = content.some(({ type }) => type === "tool_use");
  if (thinking?.type === "enabled" && hasCalls && !isThought(content[0])) {
    return `messages.${index}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${content[0]?.type}\`. When \`thinking\` is enabled, a final \`assistant\` message must start with a thinking block.`;
  }
  const isOff = thinking === undefined || thinking.type === "disabled";
  if (!isOff || !content.some(isThought)) return undefined;
  return `messages.${index}.content.0: When thinking is disabled, an \`assistant\` message in the final position cannot contain \`thinking\`.`;
}

function isOwn({ type, thinking, signature, data }: Block): boolean {
  if (type === "thinking") return signThought(String(thinking)) === signature;
  return type !== "redacted_thinking" || isRedacted(String(data));
}

/** The word by which Gemini lets a call pass whose signature nobody has. */
const SKIP = "skip_thought_signature_validator";

type Call = { name: string; args?: unknown };
type CallPart = { functionCall?: Call | undefined; thoughtSignature?: string | undefined };

export function signCall({ name, args }: Call): string {
  return signThought(JSON.stringify([name, args]));
}

/** What Gemini 3 says to calls that come back without their signature; undefined where all is well. */
export function explainCallSignatures(
  contents: readonly { role?: string | undefined; parts: readonly CallPart[] }[],
): string | undefined {
  for (const { role, parts } of contents) {
    const call = role === "model" ? parts.find((it) => it.functionCall !== undefined) : undefined;
    if (call?.functionCall === undefined || call.thoughtSignature === SKIP) continue;
    if (call.thoughtSignature === signCall(call.functionCall)) continue;
    return "Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly.";
  }
  return undefined;
}
