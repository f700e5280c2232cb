import type { Command } from "commander";
import { TOPIC_PROMPTS_MAX, TOPIC_PROMPTS_MIN } from "@/lib/topic-limits";
import { computeTopics, type TopicsResult } from "@/lib/topics/compute-topics";
import { StartError } from "@/lib/util/start-error";
import { withDatabase } from "../../open-database";
import { toFlagNumber } from "../../parse-flags";
import type { Terminal } from "../../terminal";

export function addLeaderboardTopics(leaderboard: Command, terminal: Terminal): void {
  leaderboard
    .command("topics")
    .description("Sort the prompts of battles into topics now, as a job does each day.")
    .option("--limit <prompts>", "the newest so many, in place of what the rules say", toFlagNumber)
    .option("--json", "one JSON object")
    .addHelpText(
      "after",
      `
Only prompts whose visitors agreed to the terms are sorted. The page /explore shows the topics.
Exit codes: 0 also where there are too few prompts; 1 where it cannot be done.

Examples:
  npx parley leaderboard topics
  npx parley leaderboard topics --limit 5000 --json
`,
    )
    .action(async ({ limit, json }: { limit?: number; json?: true }) => {
      checkLimit(limit);
      const signal = new AbortController().signal;
      const result = await withDatabase(terminal.root, (db) =>
        computeTopics(db, { signal, limit }),
      );
      terminal.write(json ? `${JSON.stringify(result)}\n` : `${toSentence(result)}\n`);
    });
}

function checkLimit(limit: number | undefined): void {
  if (limit === undefined) return;
  if (Number.isInteger(limit) && limit >= TOPIC_PROMPTS_MIN && limit <= TOPIC_PROMPTS_MAX) return;
  throw new StartError({
    message: `--limit is ${limit}.`,
    remedy: `Use a whole number from ${TOPIC_PROMPTS_MIN} to ${TOPIC_PROMPTS_MAX}.`,
  });
}

function toSentence(result: TopicsResult): string {
  switch (result.outcome) {
    case "sorted":
      return `${result.prompts} prompts are in ${result.topics} topics of two levels; ${result.others} are in none.`;
    case "too-few":
      return `${result.prompts} prompts are too few: topics begin with ${TOPIC_PROMPTS_MIN} whose visitors agreed to the terms.`;
    case "off":
      return "The rules want no topics (topics.isOn=false); what was sorted is gone.";
    case "under-way":
      return "Prompts are being sorted already; look again in a minute.";
  }
}
