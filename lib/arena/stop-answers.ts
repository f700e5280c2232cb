import { FOLLOW_INTERVAL_MS, STOP_WAIT_MS_MAX } from "@/lib/arena-limits";
import { AppError } from "@/lib/errors";
import { settleWithin } from "@/lib/util/settle-within";
import { wait } from "@/lib/util/wait";
import type { Arena } from "./arena";
import { loadConversation } from "./load-conversation";
import { requestStop, watchAnswers } from "./store";

/**
 * Ends one answer that is being written, or all of the conversation, whichever process writes them. It
 * waits a moment for their ends, so that what follows finds them settled. What has ended already stays.
 *
 * @throws AppError `not-found`
 */
export async function stopAnswers(
  arena: Arena,
  asked: { conversationId: string; visitorId: string; answerId?: string | undefined },
): Promise<void> {
  const { conversationId, answerId } = asked;
  const { state } = await loadConversation(arena.db, asked);
  if (answerId !== undefined && !state.messages.some(({ id }) => id === answerId)) {
    throw new AppError("not-found", {
      message: "`answerId` names no answer of this conversation.",
      param: "answerId",
    });
  }
  const run = arena.runs.find(conversationId);
  run?.stop("visitor", answerId);
  if (run && answerId === undefined) return settleWithin([run.ended], STOP_WAIT_MS_MAX);
  if (!run && (await requestStop(arena.db, { conversationId, answerId })) === 0) return;
  const ids = state.messages
    .filter(({ id, status }) => status === "streaming" && (answerId ?? id) === id)
    .map(({ id }) => id);
  if (ids.length === 0) return;
  const untilMs = performance.now() + STOP_WAIT_MS_MAX;
  while (performance.now() < untilMs) {
    const running = await watchAnswers(arena.db, ids, { isDue: false });
    if (running.size === 0) return;
    await wait(run ? FOLLOW_INTERVAL_MS / 5 : FOLLOW_INTERVAL_MS);
  }
}
