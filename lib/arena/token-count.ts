import type { Database } from "@/lib/db/client";
import { AppError } from "@/lib/errors";
import { NO_WORKER_RETRY_AFTER_SECONDS } from "@/lib/fleet-limits";
import { TOKEN_COUNT_MODELS_MAX } from "@/lib/limits";
import { assertUnstruck } from "@/lib/moderation/patterns";
import type { Side, TokenCountReply } from "@/lib/protocol/arena-view";
import { type Message, textMessage } from "@/lib/protocol/message";
import type { Arena } from "./arena";
import { type AwakeChatModel, getAwakeModel, getNamedModel, readAwakeModels } from "./awake-models";
import { countRoom, fits, type Room } from "./check-room";
import { type MessageState, sidesOf } from "./conversation-state";
import { type LoadedConversation, loadConversation, modelOf, whileKept } from "./load-conversation";
import { readContents } from "./store";
import { fillSystemPrompt } from "./system-prompt";

/**
 * Whether a prompt fits, before it is sent. In a battle the answer is that of the strictest model awake
 * with the longer side's history, whoever the two models are: it must not tell.
 *
 * @throws AppError `not-found`, `no-worker`, or `forbidden` of what no worker may hear
 */
export async function countTokens(
  arena: Arena,
  asked: {
    visitorId: string;
    prompt: string;
    model?: string | undefined;
    conversationId?: string | undefined;
    /** What the prompt follows; null: nothing, undefined: the newest. */
    parentId?: string | null | undefined;
    system?: string | undefined;
    signal: AbortSignal;
  },
): Promise<TokenCountReply> {
  const { conversationId, visitorId } = asked;
  const { moderation } = await arena.rules.get();
  for (const text of [asked.prompt, asked.system ?? ""]) assertUnstruck(moderation, text);
  const loaded =
    conversationId === undefined
      ? undefined
      : await loadConversation(arena.db, { conversationId, visitorId });
  const models = await chooseModels(arena, asked.model, loaded);
  const next = textMessage("user", asked.prompt);
  const before = loaded
    ? await whileKept(arena.db, { conversationId: loaded.id, visitorId }, () =>
        readHistories(arena.db, loaded, asked.parentId),
      )
    : [[]];
  const system = toSystem(asked.system ?? loaded?.settings.system);
  const histories = before.map((history) => [...system, ...history, next]);
  const counts = await Promise.all(
    models.flatMap((model) =>
      histories.map((messages) => countRoom(arena, model, messages, asked.signal)),
    ),
  );
  const tightest = counts
    .filter((room): room is Room => room !== undefined)
    .sort((left, right) => spare(left) - spare(right))[0];
  if (tightest === undefined) {
    throw new AppError("no-worker", {
      message: "No model that counts tokens is awake at the moment. Try again in a few seconds.",
      retryAfterSeconds: NO_WORKER_RETRY_AFTER_SECONDS,
    });
  }
  return { ...tightest, fits: fits(tightest) };
}

const spare = ({ promptTokens, contextLength }: Room): number => contextLength - promptTokens;

/** The one that is named, those of the conversation whose names are known, or the strictest of all. */
async function chooseModels(
  arena: Arena,
  named: string | undefined,
  loaded: LoadedConversation | undefined,
): Promise<AwakeChatModel[]> {
  const isKnown = loaded !== undefined && loaded.kind !== "battle";
  const own = isKnown ? sidesOf(loaded.kind).map((side) => modelOf(loaded, side).name) : [];
  const names = named === undefined ? own : [named];
  if (names.length === 0) return readStrictest(arena);
  const get = named === undefined ? getAwakeModel : getNamedModel;
  return Promise.all(names.map((name) => get(arena, name)));
}

/** Those with the shortest context come first: tokenizers differ by tens of per cent, contexts by tenfold. */
async function readStrictest({ controller }: Arena): Promise<AwakeChatModel[]> {
  const awake = await readAwakeModels(controller);
  return awake
    .filter((model) => model.features.includes("tokenize"))
    .sort((left, right) => left.contextLength - right.contextLength)
    .slice(0, TOKEN_COUNT_MODELS_MAX);
}

function toSystem(template: string | undefined): Message[] {
  if (template === undefined || template === "") return [];
  return [textMessage("system", fillSystemPrompt(template, new Date()))];
}

/** What stands before the prompt: one history, or one for each side of a pair. */
async function readHistories(
  db: Database,
  loaded: LoadedConversation,
  parentId: string | null | undefined,
): Promise<Message[][]> {
  const { kind, state } = loaded;
  const role = kind === "chat" ? "assistant" : "user";
  const leaf = state.messages.findLast(
    (it) => it.role === role && (parentId === undefined || it.id === parentId),
  );
  if (leaf === undefined && typeof parentId === "string") {
    throw new AppError("not-found", {
      message: "`parentId` names nothing in this conversation that a prompt can follow.",
      param: "parentId",
    });
  }
  const branches = sidesOf(kind).map((side) => toOpenBranch(state.messages, side, leaf));
  const contents = await readContents(
    db,
    branches.flat().map(({ id }) => id),
  );
  return branches.map((branch) =>
    branch.map((it) => textMessage(it.role, contents.get(it.id) ?? "")),
  );
}

/** Like a model's history, but of any state: also of a turn that still waits for an answer. */
function toOpenBranch(
  messages: readonly MessageState[],
  side: Side | null,
  leaf: MessageState | undefined,
): MessageState[] {
  const byId = new Map(messages.map((message) => [message.id, message]));
  const branch: MessageState[] = [];
  for (let at = leaf; at; at = byId.get(at.parentId ?? "")) {
    const promptId = at.id;
    const answer = side && messages.findLast((it) => it.parentId === promptId && it.side === side);
    if (answer) branch.push(answer);
    branch.push(at);
  }
  return branch.reverse();
}
