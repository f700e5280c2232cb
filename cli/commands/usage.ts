import { type Command, InvalidArgumentError, Option } from "commander";
import { findKey } from "@/lib/auth/key-store";
import type { Database } from "@/lib/db/client";
import { USAGE_REQUESTS_LISTED_MAX } from "@/lib/limits";
import { USAGE_DAYS_MAX } from "@/lib/protocol/usage-view";
import { readUsageReport } from "@/lib/usage/read-report";
import { withDatabase } from "../open-database";
import type { Terminal } from "../terminal";
import { requestTable, sumTable, USAGE_GROUPINGS, type UsageGrouping } from "../usage-text";

type Options = { since: number; by: UsageGrouping; key?: string; json?: true };
type RequestOptions = { limit: number; key?: string; json?: true };

const KEY_FLAG = ["--key <id or beginning>", "of one key only"] as const;

export function addUsageCommand(program: Command, terminal: Terminal): void {
  const usage = program
    .command("usage")
    .description("What was used: requests, tokens and money, by key, model, day or endpoint.")
    .option("--since <days>", "days back, today included, in UTC, such as 30d", readDays, 7)
    .addOption(
      new Option("--by <what>", "one line for each").choices(USAGE_GROUPINGS).default("key"),
    )
    .option(...KEY_FLAG)
    .option("--json", "one JSON object")
    .action(async ({ since: days, by, key, json }: Options) => {
      const report = await withDatabase(terminal.root, async (db) => {
        const owner = await findOwner(db, key);
        return readUsageReport({ days, owner }, { requestsMax: 0, db });
      });
      const { requests: _, ...sums } = report;
      terminal.write(json ? `${JSON.stringify(sums)}\n` : sumTable(report, by));
    });
  usage
    .command("requests")
    .description("The latest requests, those under way included, with how they ended.")
    .option("--limit <count>", `at most ${USAGE_REQUESTS_LISTED_MAX}`, readLimit, 50)
    .option(...KEY_FLAG)
    .option("--json", "one JSON object")
    .action(async ({ limit, key, json }: RequestOptions) => {
      const { requests } = await withDatabase(terminal.root, async (db) => {
        const owner = await findOwner(db, key);
        return readUsageReport({ days: 1, owner }, { requestsMax: limit, db });
      });
      terminal.write(json ? `${JSON.stringify({ requests })}\n` : requestTable(requests));
    });
}

async function findOwner(db: Database, key: string | undefined): Promise<string | undefined> {
  return key === undefined ? undefined : `key:${(await findKey(db, key)).id}`;
}

function readDays(word: string): number {
  const days = Number(/^(\d{1,4})d?$/.exec(word)?.[1]);
  if (days >= 1 && days <= USAGE_DAYS_MAX) return days;
  throw new InvalidArgumentError(`Write days, from 1d to ${USAGE_DAYS_MAX}d.`);
}

function readLimit(word: string): number {
  const limit = /^\d{1,4}$/.test(word) ? Number(word) : 0;
  if (limit >= 1 && limit <= USAGE_REQUESTS_LISTED_MAX) return limit;
  throw new InvalidArgumentError(`Write a number from 1 to ${USAGE_REQUESTS_LISTED_MAX}.`);
}
