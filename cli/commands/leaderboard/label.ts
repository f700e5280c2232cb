import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import type { Database } from "@/lib/db/client";
import { Jobs } from "@/lib/jobs/jobs";
import { LABEL_LIMIT_DEFAULT, LABEL_LIMIT_MAX, LABEL_LOOK_INTERVAL_MS } from "@/lib/label-limits";
import { compareLabels, type LabelAgreement } from "@/lib/labels/compare-labels";
import { LABEL_JOB, type LabelJob } from "@/lib/labels/labels";
import { countUnlabelled } from "@/lib/labels/store";
import { readRules } from "@/lib/rules/rules";
import { StartError } from "@/lib/util/start-error";
import { withDatabase } from "../../open-database";
import { toFlagNumber } from "../../parse-flags";
import type { Terminal } from "../../terminal";
import { textTable } from "../../text-table";

type LabelFlags = { since?: string; limit: number; dryRun?: true; json?: true };

/** Looks without a prompt done, after which nobody is at it. */
const IDLE_LOOKS_MAX = 120;

export function addLeaderboardLabel(leaderboard: Command, terminal: Terminal): void {
  leaderboard
    .command("label")
    .description("Have the model that the rules name read categories from prompts of battles.")
    .option("--since <day>", "only votes since this day (UTC), as 2026-01-31")
    .option("--limit <prompts>", "at most so many", toFlagNumber, LABEL_LIMIT_DEFAULT)
    .option("--dry-run", "ask no model; tell what would be read, and how rules and labels agree")
    .option("--json", "one JSON object")
    .addHelpText(
      "after",
      `
The running platform asks the model; ending this command ends none of its work. Name the model first:
  npx parley arena set labels.model=MODEL
Exit codes: 0 done, or nothing to do; 1 where no model is named, or the model does not answer.

Examples:
  npx parley leaderboard label --dry-run
  npx parley leaderboard label --since 2026-01-01 --limit 1000
`,
    )
    .action(async (flags: LabelFlags) => {
      const { json, dryRun } = flags;
      const { since, limit } = check(flags);
      const result = await withDatabase(terminal.root, async (db) => {
        const waiting = await countUnlabelled(db, since);
        const done = dryRun ? 0 : await label(db, { since, limit, waiting });
        return { waiting, done, agreement: await compareLabels(db) };
      });
      terminal.write(json ? `${JSON.stringify(result)}\n` : toText(result, dryRun ?? false));
    });
}

function check({ since, limit }: LabelFlags): { since: Date | undefined; limit: number } {
  if (!Number.isInteger(limit) || limit < 1 || limit > LABEL_LIMIT_MAX) {
    throw new StartError({
      message: `--limit is ${limit}.`,
      remedy: `Use a whole number from 1 to ${LABEL_LIMIT_MAX}.`,
    });
  }
  if (since === undefined) return { since: undefined, limit };
  const day = new Date(`${since}T00:00:00Z`);
  if (/^\d{4}-\d{2}-\d{2}$/.test(since) && !Number.isNaN(day.getTime())) {
    return { since: day, limit };
  }
  throw new StartError({
    message: `--since is "${since}", which is no day.`,
    remedy: "Write it as 2026-01-31.",
  });
}

/** Asks the platform, and waits until it has done as much, or is evidently not at it. */
async function label(
  db: Database,
  { since, limit, waiting }: { since: Date | undefined; limit: number; waiting: number },
): Promise<number> {
  if ((await readRules(db)).labels.model === undefined) {
    throw new StartError({
      message: "The rules name no model that reads prompts.",
      remedy: "Name one with `npx parley arena set labels.model=MODEL`.",
    });
  }
  const wanted = Math.min(limit, waiting);
  if (wanted === 0) return 0;
  const data: LabelJob = { limit, ...(since && { since: since.toISOString() }) };
  const work = new Jobs({ db });
  try {
    await work.send(LABEL_JOB, data);
  } finally {
    await work.stop();
  }
  return waitFor(db, { since, waiting, wanted });
}

async function waitFor(
  db: Database,
  { since, waiting, wanted }: { since: Date | undefined; waiting: number; wanted: number },
): Promise<number> {
  let done = 0;
  for (let idle = 0; done < wanted; idle++) {
    if (idle === IDLE_LOOKS_MAX) {
      throw new StartError({
        message: `No prompt was read in the last two minutes; ${done} of ${wanted} are done and kept.`,
        remedy:
          "See that the platform runs and the model of `labels.model` answers; its log says why.",
      });
    }
    await delay(LABEL_LOOK_INTERVAL_MS);
    const now = waiting - (await countUnlabelled(db, since));
    if (now > done) idle = 0;
    done = Math.max(done, now);
  }
  return done;
}

type Result = {
  waiting: number;
  done: number;
  agreement: { ballots: number; categories: LabelAgreement[] };
};

function toText({ waiting, done, agreement }: Result, isDry: boolean): string {
  const first = isDry
    ? `${waiting} prompts would be read.\n`
    : `${done} prompts were read; ${Math.max(0, waiting - done)} wait.\n`;
  if (agreement.ballots === 0) return `${first}No ballot has labels and marks to compare yet.\n`;
  const rows = agreement.categories.map(({ category, both, rulesOnly, labelsOnly, neither }) => {
    const share = (both + neither) / agreement.ballots;
    return [
      ...[category, String(both), String(rulesOnly), String(labelsOnly)],
      `${(100 * share).toFixed(1)} %`,
    ];
  });
  const head = ["category", "both", "rules alone", "labels alone", "agree"];
  return `${first}Rules and labels over ${agreement.ballots} ballots:\n${textTable([head, ...rows])}`;
}
