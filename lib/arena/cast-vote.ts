import type { Database } from "@/lib/db/client";
import { AppError } from "@/lib/errors";
import { createBallot } from "@/lib/integrity/create-ballot";
import { voterWatch } from "@/lib/integrity/voter-watch";
import { readStandings } from "@/lib/leaderboard/read-standings";
import type { ArenaSettings } from "@/lib/protocol/arena-settings";
import type { ConversationView, PairVoteBody, VoteReason } from "@/lib/protocol/conversation-view";
import type { Arena } from "./arena";
import { createVote, saveReasons } from "./battle-store";
import { countTurnsUntil, decideVote } from "./conversation-state";
import { type LoadedConversation, loadConversation, whileKept } from "./load-conversation";
import { readConversation } from "./read-conversation";
import { withVisitor } from "./visitor-turn";

type Voting = { visitorId: string; network?: string | undefined; conversationId: string };

/**
 * Keeps a visitor's vote on a turn and shows who was who. The first one of a battle is blind, opens it, and
 * is what ratings may count; every other is kept beside. The same vote again is answered alike and kept
 * once, so that a browser may repeat what it did not hear an answer to.
 *
 * @throws AppError `not-found`, `conflict` or `invalid-request`
 */
export async function castVote(
  arena: Arena,
  asked: Voting & {
    vote: PairVoteBody;
    /** Awaited between a vote that counts and the reveal, which shows the ratings of that moment. */
    onCounted?: () => Promise<void>;
  },
): Promise<ConversationView> {
  const { visitorId, conversationId, vote } = asked;
  // Before the lock: whoever has no conversation may have no row to lock.
  assertPair(await loadConversation(arena.db, asked));
  // Nor may anything else be read on another connection there: twenty who wait for the lock hold them all.
  const rules = await arena.rules.get();
  const isCounted = await whileKept(arena.db, asked, () =>
    withVisitor(arena.db, visitorId, async (db) => {
      const loaded = await loadConversation(db, asked);
      const decision = decideVote(loaded.state, vote);
      if (decision === "same") return false;
      const voteId = await writeVote(db, loaded, vote, decision === "blind");
      if (decision === "open") return false;
      return keepBallot(db, loaded, { ...asked, voteId, rules });
    }),
  );
  arena.runs.find(conversationId)?.open();
  // Of votes that do not count as well; nobody waits for it.
  voterWatch().note(arena, visitorId);
  if (isCounted) await asked.onCounted?.();
  return readConversation(arena, { visitorId, conversationId });
}

/**
 * Why, said after the vote; each time all reasons together.
 *
 * @throws AppError `not-found`
 */
export async function giveReasons(
  arena: Arena,
  asked: Voting & {
    reasons: Pick<PairVoteBody, "answerAId" | "answerBId"> & { reasons: VoteReason[] };
  },
): Promise<ConversationView> {
  const battleId = assertPair(await loadConversation(arena.db, asked)).id;
  if (!(await saveReasons(arena.db, { ...asked.reasons, battleId }))) {
    throw new AppError("not-found", { message: "There is no vote on these two answers." });
  }
  return readConversation(arena, asked);
}

async function writeVote(
  db: Database,
  loaded: LoadedConversation,
  vote: PairVoteBody,
  blind: boolean,
): Promise<string> {
  const { id: conversationId, visitorId } = loaded;
  const { id: battleId, a, b } = assertPair(loaded);
  const before = blind ? await readStandings(db, [a.id, b.id]) : undefined;
  const standings = before ? { a: before.get(a.id) ?? null, b: before.get(b.id) ?? null } : null;
  return createVote(db, { ...vote, battleId, conversationId, visitorId, blind, standings });
}

/** What ratings know of a blind vote; whether it counts is decided here, once. */
async function keepBallot(
  db: Database,
  loaded: LoadedConversation,
  cast: Voting & { vote: PairVoteBody; voteId: string; rules: ArenaSettings },
): Promise<boolean> {
  const { vote, voteId, network, rules } = cast;
  const { id: conversationId, visitorId } = loaded;
  const { id: battleId, a, b } = assertPair(loaded);
  const turn = countTurnsUntil(loaded.state, vote.answerAId);
  const ballot = { ...vote, voteId, battleId, conversationId, visitorId, network, turn };
  const reason = await createBallot(db, { ...ballot, models: { a, b } }, { rules });
  return reason === null;
}

function assertPair({ pair }: LoadedConversation): NonNullable<LoadedConversation["pair"]> {
  if (pair) return pair;
  throw new AppError("invalid-request", {
    message: "A chat has one model and no votes. Mark its answers instead.",
  });
}
