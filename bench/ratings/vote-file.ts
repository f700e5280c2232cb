import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { OUTCOME_CODES, type VoteColumns } from "@/lib/rating/vote-columns";
import { assert } from "@/lib/util/assert";
import { toVoteLine } from "@/lib/vote-files/vote-line";

const FIRST_SECONDS = 1_760_000_000;
const VOTES_A_DAY = 10_000;
const DAY_SECONDS = 86_400;
const LINES_A_PART = 5000;

/** Writes votes as this platform publishes them, with the style of both answers where asked for. */
export async function writeVoteFile(path: string, votes: VoteColumns, hasStyle: boolean) {
  const stream = createWriteStream(path);
  for (let from = 0; from < votes.count; from += LINES_A_PART) {
    const part: string[] = [];
    for (let vote = from; vote < Math.min(votes.count, from + LINES_A_PART); vote++) {
      part.push(toLine(votes, vote, hasStyle));
    }
    if (!stream.write(part.join(""))) await once(stream, "drain");
  }
  stream.end();
  await once(stream, "finish");
}

function toLine(
  { models, modelA, modelB, outcome, style }: VoteColumns,
  vote: number,
  hasStyle: boolean,
) {
  const code = OUTCOME_CODES[outcome[vote] ?? -1];
  const [nameA, nameB] = [models[modelA[vote] ?? -1], models[modelB[vote] ?? -1]];
  assert(code !== undefined && nameA !== undefined && nameB !== undefined, "a vote is whole");
  const of = (side: "a" | "b") => ({
    tokens: style?.tokens[side][vote] ?? 0,
    headers: style?.headers[side][vote] ?? 0,
    lists: style?.lists[side][vote] ?? 0,
    bold: style?.bold[side][vote] ?? 0,
  });
  return toVoteLine({
    ...{ modelA: nameA, modelB: nameB, outcome: code, language: "en", turn: 1 + (vote % 3) },
    createdAt: FIRST_SECONDS + Math.floor(vote / VOTES_A_DAY) * DAY_SECONDS,
    ...{ pairProbability: 1 / 39_800, categories: [] },
    style: hasStyle && style ? { a: of("a"), b: of("b") } : null,
  });
}

/** What anybody would write who wants it quick: text in parts, each line parsed, its winner looked at. */
export async function parseBare(path: string): Promise<number> {
  let decided = 0;
  let rest = "";
  for await (const part of createReadStream(path, { encoding: "utf8", highWaterMark: 2 ** 20 })) {
    const lines = (rest + part).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const row: { winner?: unknown } = JSON.parse(line);
      if (row.winner === "model_a" || row.winner === "model_b") decided += 1;
    }
  }
  return decided;
}
