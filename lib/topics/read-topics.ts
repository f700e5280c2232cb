import { type Database, database } from "@/lib/db/client";
import { AppError } from "@/lib/errors";
import { readModelFacts } from "@/lib/leaderboard/model-facts";
import {
  type BoardEntryView,
  boardBodySchema,
  type Topic,
  type TopicList,
} from "@/lib/protocol/board-view";
import { toRanks } from "@/lib/rating/ranks";
import { readRules } from "@/lib/rules/rules";
import { findNewestRun, findTopic, readExamples, readTopics } from "./store";

/** The topics that were sorted last, of both levels; none where operators want none. */
export async function readTopicList(db: Database = database()): Promise<TopicList> {
  const [rules, run] = await Promise.all([readRules(db), findNewestRun(db)]);
  if (!rules.topics.isOn || run === undefined || run.endedAt === null) {
    return { sortedAt: null, prompts: 0, topics: [] };
  }
  return {
    sortedAt: run.endedAt.toISOString(),
    prompts: run.prompts,
    topics: await readTopics(db, run.id),
  };
}

/**
 * One topic with its examples and its board, without models whose names are told to nobody.
 *
 * @throws AppError `not-found`, also of one of an earlier sorting.
 */
export async function getTopic(id: string, db: Database = database()): Promise<Topic> {
  const [rules, topic] = await Promise.all([readRules(db), findTopic(db, id)]);
  if (topic === undefined || !rules.topics.isOn) {
    throw new AppError("not-found", {
      message: "This topic is gone: prompts were sorted anew. Open the list of topics again.",
      param: "topic",
    });
  }
  const [examples, facts] = await Promise.all([
    readExamples(db, id),
    readModelFacts({ awake: [] }, db),
  ]);
  const body = boardBodySchema.safeParse(topic.board).data;
  return {
    ...{ id, name: topic.name, terms: topic.terms, prompts: topic.prompts, votes: topic.votes },
    examples,
    rows: withRanks(
      (body?.entries ?? []).flatMap(({ modelId, ...entry }) => {
        const model = facts.get(modelId);
        // Hidden or withdrawn since prompts were sorted.
        if (model === undefined || model.isHidden || model.isWithdrawn) return [];
        const isPreliminary =
          entry.status === "rated" && entry.votes <= rules.ratings.preliminaryVotesMax;
        return { ...entry, model: model.model, slug: model.slug, isPreliminary };
      }),
    ),
  };
}

/** With ranks among those that are left: a gap would tell where somebody stands who is not. */
function withRanks<Row extends BoardEntryView>(rows: readonly Row[]): Row[] {
  const intervals = rows.map(({ lower, upper }) => ({ lower, upper })).filter(isInterval);
  const ranks = toRanks(intervals).values();
  return rows.map((row) => (isInterval(row) ? { ...row, ...ranks.next().value } : row));
}

const isInterval = (it: {
  lower: number | null;
  upper: number | null;
}): it is { lower: number; upper: number } => it.lower !== null && it.upper !== null;
