import { setImmediate as othersServed } from "node:timers/promises";
import { SHARE_CHARACTERS_MAX } from "@/lib/arena-limits";
import { AppError } from "@/lib/errors";
import type { Side } from "@/lib/protocol/arena-view";
import type {
  ConversationMessage,
  ConversationView,
  TurnAnswer,
} from "@/lib/protocol/conversation-view";
import type {
  PersonalKind,
  SharedAnswer,
  SharedConversation,
  SharedTurn,
} from "@/lib/protocol/share";
import { assert } from "@/lib/util/assert";
import { addCounts, redact } from "./redact";
import { toTitle } from "./title";

type Prompt = Extract<ConversationMessage, { role: "user" }>;

/**
 * A conversation as it would be published: one branch of it, turn by turn. Pure.
 *
 * @param leafId the answer of a chat, or the prompt of a pair, with which the branch ends; absent: the newest.
 * @throws AppError `conflict` where it may not be published as it is, `not-found` for a leaf that is none.
 */
export function toShared(
  view: ConversationView,
  { leafId }: { leafId?: string | undefined } = {},
): SharedConversation {
  assertPublishable(view);
  const path = toPath(view, leafId);
  const turns = path.map(({ prompt, answers }) => toTurn(view, prompt, answers));
  const system = view.settings.system?.trim();
  const shared: SharedConversation = {
    kind: view.kind,
    title: toTitle(view.title, turns[0]?.prompt ?? ""),
    createdAt: view.createdAt,
    models: toNames(view, turns),
    system: system ? system : null,
    turns,
  };
  if (JSON.stringify(shared).length > SHARE_CHARACTERS_MAX) {
    throw conflict(
      "This conversation is too long to be published. Share one of its branches, or a shorter one.",
    );
  }
  return shared;
}

/** Takes personal data out of every text of it; between two texts others are served, since each may take a tenth of a second. */
export async function redactShared(shared: SharedConversation): Promise<{
  conversation: SharedConversation;
  removed: { kind: PersonalKind; count: number }[];
}> {
  const all: ReturnType<typeof redact>["counts"][] = [];
  const clean = async (text: string) => {
    await othersServed();
    const { text: left, counts } = redact(text);
    all.push(counts);
    return left;
  };
  const turns: SharedTurn[] = [];
  for (const turn of shared.turns) {
    const prompt = await clean(turn.prompt);
    const answers: SharedAnswer[] = [];
    for (const it of turn.answers) answers.push({ ...it, content: await clean(it.content) });
    turns.push({ ...turn, prompt, answers });
  }
  const conversation: SharedConversation = {
    ...shared,
    system: shared.system === null ? null : await clean(shared.system),
    turns,
    // Mostly the first prompt again, whose finds were counted.
    title: redact(shared.title).text,
  };
  const removed = Object.entries(addCounts(all)).map(([kind, count]) => {
    // addCounts makes its keys from the list of kinds.
    return { kind: kind as PersonalKind, count };
  });
  return { conversation, removed };
}

function assertPublishable({ kind, models, messages }: ConversationView): void {
  if (messages.some((it) => it.role === "assistant" && it.status === "streaming")) {
    throw conflict("An answer is still being written. Share the conversation once it is there.");
  }
  if (kind === "battle" && models === null) {
    throw conflict("Vote first: a battle can be shared once its models are known.");
  }
}

type Step = { prompt: Prompt; answers: TurnAnswer[] };

function toPath(view: ConversationView, leafId: string | undefined): Step[] {
  const byId = new Map(view.messages.map((it) => [it.id, it]));
  const leaf = leafId === undefined ? view.messages.at(-1) : byId.get(leafId);
  if (leaf === undefined) {
    throw new AppError("not-found", {
      message: "`leafId` names no message of this conversation.",
      param: "leafId",
    });
  }
  const steps: Step[] = [];
  let answer = leaf.role === "assistant" ? leaf : undefined;
  let prompt = leaf.role === "user" ? leaf : toPrompt(byId.get(leaf.parentId));
  while (prompt) {
    const answers = view.kind === "chat" ? toOwn(view, prompt, answer) : toPair(view, prompt);
    steps.push({ prompt, answers });
    const parent = prompt.parentId === null ? undefined : byId.get(prompt.parentId);
    answer = parent?.role === "assistant" ? parent : undefined;
    prompt = parent?.role === "assistant" ? toPrompt(byId.get(parent.parentId)) : toPrompt(parent);
  }
  return steps.reverse();
}

function toPrompt(message: ConversationMessage | undefined): Prompt | undefined {
  if (message === undefined) return undefined;
  assert(message.role === "user", "an answer's parent is a prompt");
  return message;
}

/** Of a chat the answer on the branch; at its end, where none is named, the newest. */
function toOwn(
  { messages }: ConversationView,
  prompt: Prompt,
  answer: TurnAnswer | undefined,
): TurnAnswer[] {
  if (answer) return [answer];
  const newest = messages.findLast((it) => it.parentId === prompt.id);
  return newest?.role === "assistant" ? [newest] : [];
}

/** Of a pair the newest attempt, side A first. */
function toPair({ messages }: ConversationView, prompt: Prompt): TurnAnswer[] {
  const answers = messages.filter(
    (it): it is TurnAnswer => it.role === "assistant" && it.parentId === prompt.id,
  );
  const newest = Math.max(...answers.map(({ attempt }) => attempt));
  const of = (side: Side) =>
    answers.findLast((it) => it.side === side && it.attempt === newest) ?? [];
  return [of("a"), of("b")].flat();
}

function toTurn(
  view: ConversationView,
  prompt: Prompt,
  answers: readonly TurnAnswer[],
): SharedTurn {
  const [a, b] = answers;
  const vote = view.votes.find((it) => it.answerAId === a?.id && it.answerBId === b?.id);
  return {
    prompt: prompt.content,
    answers: answers.flatMap((answer) => toAnswer(view, answer)),
    vote: vote ? { outcome: vote.outcome, reasons: vote.reasons, blind: vote.blind } : null,
  };
}

function toAnswer({ models }: ConversationView, answer: TurnAnswer): SharedAnswer[] {
  const { side, status, content } = answer;
  if (status === "streaming" || (status === "failed" && content === "")) return [];
  const named = models && "model" in models ? models.model : side && models?.[side];
  const model = answer.model ?? named;
  assert(model, "who wrote what is published is known");
  return [{ side, model, content, status }];
}

function toNames({ models }: ConversationView, turns: readonly SharedTurn[]): string[] {
  if (models && "model" in models) {
    // A chat may have changed its model on the way.
    const used = turns.flatMap(({ answers }) => answers.map((it) => it.model));
    return used.length > 0 ? [...new Set(used)] : [models.model];
  }
  return models ? [models.a, models.b] : [];
}

function conflict(message: string): AppError {
  return new AppError("conflict", { message });
}
