import { createHmac } from "node:crypto";
import { LEAK_CHARACTERS_MAX } from "@/lib/arena-limits";
import { cookieSecret } from "@/lib/auth/cookie-secret";
import { purposeKey } from "@/lib/auth/signed-value";
import { type Catalog, catalog } from "@/lib/catalog/catalog";
import type { Database } from "@/lib/db/client";
import type { ArenaSettings } from "@/lib/protocol/arena-settings";
import type { Side } from "@/lib/protocol/arena-view";
import type { BallotFacts } from "@/lib/protocol/ballot-facts";
import { modelDescriptionSchema } from "@/lib/protocol/worker-card";
import { guessLanguage } from "@/lib/rating/guess-language";
import { markPrompts } from "@/lib/rating/prompt-marks";
import { assert } from "@/lib/util/assert";
import { countMarks } from "./answer-marks";
import {
  type BattleMessage,
  insertBallot,
  readBattleMessages,
  readModelsToVoteOn,
  readVoteContext,
} from "./ballot-store";
import { toAsks } from "./check-limits";
import { fold, wordsOf } from "./folded-words";
import { judgeBallot, type UncountedReason } from "./judge-ballot";
import { takePrompt, takeTallies } from "./tally";
import { findTellTale, readQuestion, toTellTales } from "./tell-tales";

export type BlindVote = {
  voteId: string;
  battleId: string;
  conversationId: string;
  visitorId: string;
  /** The network the vote came from. */
  network?: string | undefined;
  /** The pair as it stands. */
  models: Record<Side, { id: string; name: string }>;
  answerAId: string;
  answerBId: string;
  outcome: "a" | "b" | "tie" | "both-bad";
  /** Turns of the battle until the voted one, that one included. */
  turn: number;
};

/**
 * Judges a blind vote and writes its ballot, inside the transaction in which the vote is written: six
 * statements by keys, in three trips.
 *
 * @returns why it does not count, or null.
 */
export async function createBallot(
  db: Database,
  vote: BlindVote,
  given: {
    rules: Pick<ArenaSettings, "integrity">;
    known?: Known;
  },
): Promise<UncountedReason | null> {
  const { rules } = given;
  const { integrity } = rules;
  const { visitorId, battleId, models } = vote;
  const asker = { visitorId, network: vote.network };
  const limits = {
    visitor: { perHour: integrity.votesPerVisitorAndHour, perDay: integrity.votesPerVisitorAndDay },
    network: { perDay: integrity.votesPerNetworkAndDay },
  };
  // All in one trip over the transaction's connection.
  const [messages, context, exceeded, described] = await Promise.all([
    readBattleMessages(db, vote.conversationId),
    readVoteContext(db, { visitorId, battleId }),
    takeTallies(db, toAsks(asker, "vote", limits), { isAlways: true }),
    readModelsToVoteOn(db, [models.a.id, models.b.id]),
  ]);
  const path = toPath(messages, vote);
  const { voted } = path;
  const reason =
    judgeBallot(
      {
        ...context,
        isWithdrawn: described.some((it) => it.isWithdrawn),
        hasLeak: hasLeak(vote, { ...given, messages, described }),
        hasEmptyAnswer: [voted.a, voted.b].some(({ content }) => !VISIBLE.test(content)),
        readSeconds: Math.min(voted.a.ageSeconds, voted.b.ageSeconds),
        characters: voted.a.content.length + voted.b.content.length,
        isBeyondLimits: exceeded.length > 0,
      },
      integrity,
    ) ?? (await checkPrompt(db, path.prompts, integrity.votesPerPromptMax));
  const { pairProbability, voter } = context;
  assert(pairProbability !== null, "a blind battle was drawn");
  const facts: BallotFacts = {
    version: 2,
    a: countMarks(path.answers.map(({ a }) => a)),
    b: countMarks(path.answers.map(({ b }) => b)),
    prompt: markPrompts(path.prompts),
  };
  await insertBallot(db, {
    ...{ id: vote.voteId, voter, modelAId: models.a.id, modelBId: models.b.id },
    ...{ outcome: vote.outcome, pairProbability, turn: vote.turn },
    ...{ counted: reason === null, uncountedReason: reason, facts },
    language: guessLanguage(path.prompts.join("\n")),
  });
  return reason;
}

/** What a reader sees: blanks, characters of control and those without a shape are nothing to compare. */
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;

type Pair = Record<Side, BattleMessage>;

/** What led to the voted answers: prompts and the answers to each that stood, the earliest first. */
function toPath(
  messages: readonly BattleMessage[],
  { answerAId, answerBId }: BlindVote,
): { prompts: string[]; answers: Pair[]; voted: Pair } {
  const byId = new Map(messages.map((it) => [it.id, it]));
  const [a, b] = [byId.get(answerAId), byId.get(answerBId)];
  assert(a !== undefined && b !== undefined, "a vote names two answers of its battle");
  const prompts: string[] = [];
  const answers: Pair[] = [{ a, b }];
  let prompt = byId.get(a.parentId ?? "");
  while (prompt !== undefined) {
    prompts.unshift(prompt.content);
    prompt = byId.get(prompt.parentId ?? "");
    if (prompt === undefined) break;
    const pair = findPair(messages, prompt.id);
    if (pair) answers.unshift(pair);
  }
  return { prompts, answers, voted: { a, b } };
}

/** The newest attempt at a prompt whose answers are both settled. */
function findPair(messages: readonly BattleMessage[], promptId: string): Pair | undefined {
  const own = messages.filter((it) => it.parentId === promptId && it.settled === true);
  for (const a of own.filter(({ side }) => side === "a").reverse()) {
    const b = own.find(({ side, attempt }) => side === "b" && attempt === a.attempt);
    if (b) return { a, b };
  }
  return undefined;
}

/** What operators said of models, by which they may give themselves away. */
type Known = Pick<Catalog, "aliases" | "settings">;
const NOTHING_KNOWN: Known = { aliases: new Map(), settings: new Map() };

/** Whether any answer of the battle, older attempts included, names its model. */
function hasLeak(
  { models }: BlindVote,
  {
    rules,
    messages,
    described,
    known = catalog().last ?? NOTHING_KNOWN,
  }: {
    rules: Pick<ArenaSettings, "integrity">;
    messages: readonly BattleMessage[];
    described: Awaited<ReturnType<typeof readModelsToVoteOn>>;
    known?: Known;
  },
): boolean {
  const { innocentWords, tellTales } = rules.integrity;
  const prompts = messages.filter(({ role }) => role === "user").map(({ content }) => content);
  const prompt = prompts.join("\n").slice(0, LEAK_CHARACTERS_MAX);
  let left = LEAK_CHARACTERS_MAX;
  const words = (side: Side) => {
    const { id, name } = models[side];
    const description = described.find((row) => row.id === id)?.description;
    return toTellTales(
      {
        name,
        organisation: modelDescriptionSchema.safeParse(description).data?.organization,
        shownOrganisation: known.settings.get(name)?.card?.organization,
        aliases: [...known.aliases.values()]
          .filter(({ targets }) => targets.length === 1 && targets[0]?.model === name)
          .map((alias) => alias.name),
        phrases: tellTales.filter((it) => it.model === name).flatMap((it) => it.phrases),
      },
      innocentWords,
    );
  };
  const asked = wordsOf(prompt);
  const [a, b] = [words("a"), words("b")];
  const sides = {
    a: { tellTales: a, question: readQuestion(asked, a) },
    b: { tellTales: b, question: readQuestion(asked, b) },
  };
  for (const { side, content } of messages.toReversed()) {
    if (side === null || left <= 0) continue;
    const text = content.slice(0, left);
    left -= text.length;
    const { tellTales: own, question } = sides[side];
    if (findTellTale(text, own, question) !== undefined) return true;
  }
  return false;
}

/** Votes on the most repeated prompts are thinned; what is kept of a prompt is a keyed hash. */
async function checkPrompt(
  db: Database,
  prompts: readonly string[],
  max: number,
): Promise<UncountedReason | null> {
  if (max === 0) return null;
  const plain = prompts.map((it) => fold(it).replaceAll(/\s+/g, " ").trim()).join("\0");
  const key = purposeKey("prompt", cookieSecret());
  const hash = createHmac("sha256", key).update(plain).digest("base64url").slice(0, 22);
  return (await takePrompt(db, hash)) >= max ? "repeated-prompt" : null;
}
