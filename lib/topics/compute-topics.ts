import type { Database } from "@/lib/db/client";
import { redact } from "@/lib/history/redact";
import { readModelIds } from "@/lib/leaderboard/board-store";
import { findLiveOptions } from "@/lib/leaderboard/live-options";
import { OVERALL } from "@/lib/protocol/board-key";
import { guessLanguage } from "@/lib/rating/guess-language";
import type { RatingOptions } from "@/lib/rating/rating-options";
import { toHiddenModels } from "@/lib/rules/hidden-models";
import { readRules } from "@/lib/rules/rules";
import {
  TOPIC_EXAMPLE_CHARACTERS_MAX,
  TOPIC_EXAMPLES_MAX,
  TOPIC_PROMPTS_MIN,
} from "@/lib/topic-limits";
import { createId } from "@/lib/util/id";
import { type Breathe, createBreathe } from "./breathe";
import { ShownQuestions } from "./same-question";
import { type SortedTopic, sortPrompts, TOPIC_METHOD } from "./sort-prompts";
import {
  beginRun,
  deleteTopics,
  endRun,
  failRun,
  type PromptRow,
  readPrompts,
  type TopicPromptRow,
  type TopicRow,
} from "./store";
import { toTopicBoard } from "./topic-board";

/** What came of it, in numbers. */
export type TopicsResult =
  | { outcome: "sorted"; prompts: number; topics: number; others: number }
  | { outcome: "too-few"; prompts: number }
  | { outcome: "off" | "under-way" };

/** The same for the same prompts, whoever sorts them. */
const SEED = 42;

/**
 * Sorts the newest prompts of battles into topics, each with its examples and its board, in place of what was
 * sorted before. Prompts that are gone by then, or whose visitors never agreed, are not among them.
 */
export async function computeTopics(
  db: Database,
  { signal, limit }: { signal: AbortSignal; limit?: number | undefined },
): Promise<TopicsResult> {
  const rules = (await readRules(db)).topics;
  if (!rules.isOn) {
    await deleteTopics(db);
    return { outcome: "off" };
  }
  const runId = await beginRun(db, TOPIC_METHOD);
  if (runId === undefined) return { outcome: "under-way" };
  try {
    return await sortAll(db, { runId, signal, limit: limit ?? rules.promptsMax });
  } catch (error) {
    // The error itself is told by whoever called; here it is only that the run is over.
    await failRun(db, runId, "It was broken off.").catch(() => undefined);
    throw error;
  }
}

const compareTexts = (left: PromptRow, right: PromptRow): number =>
  left.text === right.text ? 0 : left.text < right.text ? -1 : 1;

async function sortAll(
  db: Database,
  { runId, signal, limit }: { runId: string; signal: AbortSignal; limit: number },
): Promise<TopicsResult> {
  const breathe = createBreathe(signal);
  const hidden = await readModelIds(db, toHiddenModels(await readRules(db)));
  // By their words: where a sorting begins depends on the order, and rows of one moment come in any.
  const prompts = (await readAll(db, { limit, signal, hidden })).sort(compareTexts);
  if (prompts.length < TOPIC_PROMPTS_MIN) {
    await endRun(db, { id: runId, prompts: prompts.length, topics: [], examples: [] });
    return { outcome: "too-few", prompts: prompts.length };
  }
  const { topics, others } = await sortPrompts(prompts, { seed: SEED, breathe });
  const options = await findLiveOptions(db, OVERALL);
  const rows = await toRows(topics, { runId, prompts, options, breathe });
  await endRun(db, { id: runId, prompts: prompts.length, ...rows });
  return {
    ...{ outcome: "sorted", prompts: prompts.length },
    ...{ topics: rows.topics.length, others: others.length },
  };
}

async function readAll(
  db: Database,
  { limit, signal, hidden }: { limit: number; signal: AbortSignal; hidden: ReadonlySet<string> },
): Promise<PromptRow[]> {
  const all: PromptRow[] = [];
  while (all.length < limit) {
    signal.throwIfAborted();
    const before = all.at(-1)?.conversationId;
    const page = await readPrompts(db, { before, limit: limit - all.length });
    if (page.length === 0) break;
    for (const row of page) {
      const { vote } = row;
      // Numbers of votes and ranks would tell how a model fares whose name is told to nobody.
      const isPublic = vote !== null && !hidden.has(vote.modelA) && !hidden.has(vote.modelB);
      const language = row.language ?? guessLanguage(row.text);
      all.push({ ...row, language, vote: isPublic ? vote : null });
    }
  }
  return all;
}

type Context = {
  runId: string;
  prompts: readonly PromptRow[];
  options: RatingOptions;
  breathe: Breathe;
};

async function toRows(sorted: readonly SortedTopic[], context: Context) {
  const topics: TopicRow[] = [];
  const examples: TopicPromptRow[] = [];
  const add = (topic: Omit<SortedTopic, "children">, parentId: string | null): string => {
    const row = toTopicRow(topic, parentId, context);
    topics.push(row);
    examples.push(...toExamples(topic, row.id, context.prompts));
    return row.id;
  };
  for (const topic of sorted) {
    const id = add(topic, null);
    for (const child of topic.children) add(child, id);
    await context.breathe();
  }
  return { topics, examples };
}

function toTopicRow(
  { name, terms, rows }: Omit<SortedTopic, "children">,
  parentId: string | null,
  { runId, prompts, options }: Context,
): TopicRow {
  const votes = rows.flatMap((row) => prompts[row]?.vote ?? []);
  return {
    ...{ id: createId(), runId, parentId, name, terms },
    ...{ prompts: rows.length, votes: votes.length, board: toTopicBoard(votes, options) },
  };
}

/** The most typical prompts, one a visitor and no two alike; without personal data. */
function toExamples(
  { typical }: Omit<SortedTopic, "children">,
  topicId: string,
  prompts: readonly PromptRow[],
): TopicPromptRow[] {
  const examples: TopicPromptRow[] = [];
  const visitors = new Set<string>();
  const shown = new ShownQuestions();
  for (const row of typical) {
    if (examples.length === TOPIC_EXAMPLES_MAX) break;
    const prompt = prompts[row];
    if (prompt === undefined) continue;
    const text = toExampleText(prompt.text);
    if (visitors.has(prompt.visitorId) || !shown.add(text)) continue;
    visitors.add(prompt.visitorId);
    const { id: messageId, language } = prompt;
    examples.push({ topicId, messageId, text, language, place: examples.length });
  }
  return examples;
}

/** Redacted before it is cut: half a number would no longer be known as one. */
function toExampleText(text: string): string {
  const plain = redact(text).text.trim();
  const characters = [...plain.slice(0, 2 * TOPIC_EXAMPLE_CHARACTERS_MAX)];
  if (characters.length <= TOPIC_EXAMPLE_CHARACTERS_MAX) return plain;
  return `${characters.slice(0, TOPIC_EXAMPLE_CHARACTERS_MAX - 1).join("")}…`;
}
