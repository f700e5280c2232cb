import { AppError } from "@/lib/errors";
import { NO_WORKER_RETRY_AFTER_SECONDS } from "@/lib/fleet-limits";
import { TOKEN_COUNT_MODELS_MAX } from "@/lib/limits";
import type { Side, TokenCountReply } from "@/lib/protocol/arena-view";
import { type Message, textMessage } from "@/lib/protocol/message";
import { isId } from "@/lib/util/id";
import type { Arena } from "./arena";
import { type AwakeChatModel, getAwakeModel, readAwakeModels } from "./awake-models";
import { countRoom, fits, type Room } from "./check-room";
import { toChatHistory } from "./history";
import { findConversation, type MessageRow, readMessages } from "./store";

/**
 * Whether a prompt fits, before it is sent. In a battle the answer is that of the strictest model awake
 * with the longer side's history, whoever the two models are: it must not tell.
 *
 * @throws AppError `not-found` or `no-worker`
 */
export async function countTokens(
  arena: Arena,
  asked: {
    visitorId: string;
    prompt: string;
    model?: string | undefined;
    conversationId?: string | undefined;
    signal: AbortSignal;
  },
): Promise<TokenCountReply> {
  const models =
    asked.model === undefined
      ? await readStrictest(arena)
      : [await getAwakeModel(arena, asked.model)];
  const next = textMessage("user", asked.prompt);
  const histories = (await readHistories(arena, asked)).map((history) => [...history, next]);
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

/** Those with the shortest context come first: tokenizers differ by tens of per cent, contexts by tenfold. */
async function readStrictest({ controller }: Arena): Promise<AwakeChatModel[]> {
  const awake = await readAwakeModels(controller);
  return awake
    .filter((model) => model.features.includes("tokenize"))
    .sort((left, right) => left.contextLength - right.contextLength)
    .slice(0, TOKEN_COUNT_MODELS_MAX);
}

/** What stands before the prompt: one history, or one for each side of a battle. */
async function readHistories(
  { db }: Arena,
  asked: { visitorId: string; conversationId?: string | undefined },
): Promise<Message[][]> {
  const { conversationId: id, visitorId } = asked;
  if (id === undefined) return [[]];
  const conversation = isId(id) ? await findConversation(db, { id, visitorId }) : undefined;
  if (conversation === undefined) {
    throw new AppError("not-found", { message: "There is no such conversation among yours." });
  }
  const rows = await readMessages(db, id);
  if (conversation.kind === "chat") {
    return [toChatHistory(rows, rows.findLast((row) => row.role === "assistant")?.id ?? null)];
  }
  return (["a", "b"] as const).map((side) => toSideTexts(rows, side));
}

/** Like a battle's history, but of any state: also of one that still waits for an answer. */
function toSideTexts(rows: readonly MessageRow[], side: Side): Message[] {
  const newest = new Map(
    rows.filter((row) => row.side === side).map((row) => [row.parentId, row.content]),
  );
  return rows
    .filter((row) => row.role === "user")
    .flatMap(({ id, content }) => [
      textMessage("user", content),
      textMessage("assistant", newest.get(id) ?? ""),
    ]);
}
