import * as z from "zod";
import { StartError } from "@/lib/util/start-error";
import type { Conversation, Turn } from "./conversation";

/** What somebody said, to be rendered by a template. */
export type Sample = {
  /** The template that it names itself. */
  template: string | undefined;
  /** The system message; undefined: the template's own. */
  system: string | undefined;
  /** Turns by who speaks; of FastChat's record with the roles that stand there. */
  turns: readonly { speaker: "user" | "assistant" | { role: string }; text: string }[];
  roles: [string, string] | undefined;
  /** Whether the turns are all there are: the template's examples are among them. */
  isWhole: boolean;
};

const messageSchema = z.object({
  role: z.enum(["system", "user", "assistant"]),
  content: z.string().nullish(),
});
const messagesSchema = z.object({ messages: z.array(messageSchema).min(1) });

/** FastChat's `Conversation.dict()`, as its logs hold it too. */
const recordSchema = z.looseObject({
  template_name: z.string().optional(),
  system_message: z.string().nullish(),
  roles: z.array(z.string()).min(2).optional(),
  messages: z.array(z.tuple([z.string(), z.string().nullable()])),
});

/**
 * A conversation as JSON: messages as the chat completions API takes them, alone or under `messages`, or
 * FastChat's own record of a conversation.
 *
 * @throws StartError naming what is wrong with it.
 */
export function parseSample(text: string): Sample {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new StartError({ message: "The conversation is not valid JSON.", remedy: HOW, cause });
  }
  const record = recordSchema.safeParse(json);
  if (record.success) return fromRecord(record.data);
  const parsed = messagesSchema.safeParse(Array.isArray(json) ? { messages: json } : json);
  if (parsed.success) return fromMessages(parsed.data.messages);
  const [issue] = parsed.error.issues;
  throw new StartError({
    message: `The conversation has something else at \`${issue?.path.join(".") || "."}\`: ${issue?.message}.`,
    remedy: HOW,
    cause: parsed.error,
  });
}

const HOW =
  'Write [{"role": "user", "content": "Hi"}, …], or what FastChat\'s Conversation.dict() gives.';

/** The sample in a template, before an open turn of the assistant unless the last turn is the assistant's. */
export function fillTemplate(template: Conversation, sample: Sample): Conversation {
  const roles = sample.roles ?? template.roles;
  const turns = sample.turns.map(({ speaker, text }): Turn => {
    if (typeof speaker === "object") return { role: speaker.role, text };
    return { role: roles[speaker === "user" ? 0 : 1], text };
  });
  const isOpen = !sample.isWhole && sample.turns.at(-1)?.speaker !== "assistant";
  return {
    ...template,
    roles,
    systemMessage: sample.system ?? template.systemMessage,
    turns: [
      ...(sample.isWhole ? [] : template.turns),
      ...turns,
      ...(isOpen ? [{ role: roles[1], text: "" }] : []),
    ],
  };
}

function fromRecord(record: z.infer<typeof recordSchema>): Sample {
  const [user, assistant] = record.roles ?? [];
  return {
    template: record.template_name,
    system: record.system_message ?? undefined,
    turns: record.messages.map(([role, text]) => ({ speaker: { role }, text: text ?? "" })),
    roles: user === undefined || assistant === undefined ? undefined : [user, assistant],
    isWhole: true,
  };
}

function fromMessages(messages: readonly z.infer<typeof messageSchema>[]): Sample {
  const system = messages.filter(({ role }) => role === "system");
  return {
    template: undefined,
    system: system.length > 0 ? system.map(({ content }) => content ?? "").join("\n\n") : undefined,
    turns: messages.flatMap(({ role, content }) =>
      role === "system" ? [] : [{ speaker: role, text: content ?? "" }],
    ),
    roles: undefined,
    isWhole: false,
  };
}
