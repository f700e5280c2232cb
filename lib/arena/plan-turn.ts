import type { Database } from "@/lib/db/client";
import { AppError } from "@/lib/errors";
import { MESSAGES_MAX } from "@/lib/limits";
import type { Side } from "@/lib/protocol/arena-view";
import type {
  AnswerAgainBody,
  ConversationKind,
  ConversationSettings,
  TurnBody,
} from "@/lib/protocol/conversation-view";
import { type Message, textMessage } from "@/lib/protocol/message";
import { createId } from "@/lib/util/id";
import type { PairModel } from "./battle-store";
import {
  type MessageState,
  type Place,
  planAnswers,
  planPrompt,
  sidesOf,
} from "./conversation-state";
import { toBranch, toHistory } from "./history";
import { type LoadedConversation, modelOf } from "./load-conversation";
import { type NewAnswer, type NewPrompt, readContents } from "./store";
import { fillSystemPrompt } from "./system-prompt";
import type { Sight } from "./views";

/** An answer that is to be written down as begun and then generated. */
export type PlannedAnswer = NewAnswer & { modelName: string; history: Message[] };

/** One turn of a conversation as it is going to be asked. */
export type PlannedTurn = {
  kind: ConversationKind;
  sight: Sight;
  prompt: NewPrompt & { isNew: boolean };
  /** Side a before side b. */
  answers: PlannedAnswer[];
  settings: ConversationSettings;
  /** The system prompt as these answers are asked with it. */
  system: string | undefined;
};

/** What a turn is made of, whatever kind of conversation it is of. */
type Parts = Omit<PlannedTurn, "answers" | "system"> & {
  places: readonly Place[];
  modelAt: (side: Side | null) => PairModel;
  historyOf: (side: Side | null) => Message[];
  ids: readonly string[];
};

/** The first turn of a conversation. */
export function planFirstTurn(asked: {
  kind: ConversationKind;
  prompt: string;
  settings?: ConversationSettings | undefined;
  modelAt: (side: Side | null) => PairModel;
}): PlannedTurn {
  const { kind, modelAt } = asked;
  const places = sidesOf(kind).map((side) => ({ side, attempt: 0 }));
  const [promptId, ...ids] = createIds(1 + places.length);
  return toPlan({
    ...{ kind, modelAt, places, ids, settings: asked.settings ?? {} },
    sight: kind === "battle" ? "blind" : "open",
    prompt: { id: promptId, parentId: null, content: asked.prompt, isNew: true },
    historyOf: () => [],
  });
}

/**
 * The next prompt of a conversation.
 *
 * @throws AppError `conflict`, `not-found` or `invalid-request`
 */
export async function planNextTurn(
  db: Database,
  loaded: LoadedConversation,
  asked: TurnBody,
): Promise<PlannedTurn> {
  const { kind, sight } = loaded;
  if (kind === "battle" && asked.settings !== undefined) {
    throw new AppError("invalid-request", {
      message: "A battle takes no settings. Leave out `settings`, or compare two models by name.",
      param: "settings",
    });
  }
  const parentId = planPrompt(loaded.state, asked.parentId);
  const places = sidesOf(kind).map((side) => ({ side, attempt: 0 }));
  const [promptId, ...ids] = createIds(1 + places.length);
  return toPlan({
    ...{ kind, sight, places, ids, settings: asked.settings ?? loaded.settings },
    prompt: { id: promptId, parentId, content: asked.prompt, isNew: true },
    modelAt: (side) => modelOf(loaded, side),
    historyOf: await readHistories(db, loaded.state.messages, places, parentId),
  });
}

/**
 * New answers to a prompt that stands.
 *
 * @throws AppError `conflict` or `not-found`
 */
export async function planNewAnswers(
  db: Database,
  loaded: LoadedConversation,
  asked: AnswerAgainBody,
): Promise<PlannedTurn> {
  const { kind, sight, settings } = loaded;
  const { messages } = loaded.state;
  const places = planAnswers(loaded.state, asked);
  const { promptId } = asked;
  const content = (await readContents(db, [promptId])).get(promptId) ?? "";
  const parentId = messages.find(({ id }) => id === promptId)?.parentId ?? null;
  return toPlan({
    ...{ kind, sight, places, settings, ids: createIds(places.length) },
    prompt: { id: promptId, parentId, content, isNew: false },
    modelAt: (side) => modelOf(loaded, side),
    historyOf: await readHistories(db, messages, places, parentId),
  });
}

function toPlan({ places, modelAt, historyOf, ids, ...turn }: Parts): PlannedTurn {
  const { prompt, settings } = turn;
  const system =
    settings.system === undefined ? undefined : fillSystemPrompt(settings.system, new Date());
  const before = system === undefined ? [] : [textMessage("system", system)];
  const answers = places.map(({ side, attempt }, index): PlannedAnswer => {
    const { id: modelId, name: modelName } = modelAt(side);
    const history = [...before, ...historyOf(side), textMessage("user", prompt.content)];
    if (history.length > MESSAGES_MAX) {
      throw new AppError("conflict", {
        message: `This branch has more than the ${MESSAGES_MAX} messages that a model is sent. Start a new conversation.`,
      });
    }
    const id = ids[index] ?? createId();
    return { id, parentId: prompt.id, side, attempt, modelId, modelName, history };
  });
  return { ...turn, answers, system };
}

/** What each side has read, in one reading. */
async function readHistories(
  db: Database,
  messages: readonly MessageState[],
  places: readonly Place[],
  leafId: string | null,
): Promise<(side: Side | null) => Message[]> {
  const branches = new Map(
    places.map(({ side }) => [side, toBranch(messages, { side, leafId })] as const),
  );
  const ids = [...branches.values()].flatMap((branch) => branch.map(({ id }) => id));
  const contents = await readContents(db, [...new Set(ids)]);
  return (side) => toHistory(branches.get(side) ?? [], contents);
}

/**
 * Ids of one moment: their order is that of their random bits and says nothing of sides or models, as
 * two readings of the clock would.
 */
function createIds(count: number): [string, ...string[]] {
  const nowMs = Date.now();
  const rest = Array.from({ length: count - 1 }, () => createId(nowMs));
  return [createId(nowMs), ...rest];
}
