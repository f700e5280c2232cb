import { type Controller, controller } from "@/lib/controller/controller";
import { type Database, database } from "@/lib/db/client";
import { type Jobs, jobs } from "@/lib/jobs/jobs";
import { LABEL_INTERVAL_SECONDS } from "@/lib/label-limits";
import { readRules } from "@/lib/rules/rules";
import { log } from "@/lib/telemetry/log";
import { askLabeller } from "./ask-labeller";
import { labelBallots } from "./label-ballots";

/** The job that `npx parley leaderboard label` sends; what it may say. */
export const LABEL_JOB = "label-ballots";
export type LabelJob = { since?: string; limit: number };

/** Labels what came since, each hour and when a command asks; without a model in the rules it does nothing. */
export function startLabels({
  db = database(),
  work = jobs(),
  workers = controller(),
}: {
  db?: Database;
  work?: Pick<Jobs, "every" | "handle">;
  workers?: Controller;
} = {}): void {
  const label = async (
    ask: { since?: Date | undefined; limit?: number },
    signal: AbortSignal,
  ): Promise<void> => {
    const { model, promptsPerHour } = (await readRules(db)).labels;
    if (model === undefined) return;
    const limit = ask.limit ?? promptsPerHour;
    const counts = await labelBallots(db, (it) => askLabeller({ controller: workers, model }, it), {
      since: ask.since,
      limit,
      signal,
    });
    if (counts.labelled + counts.unreadable > 0) log.info({ model, ...counts }, "prompts labelled");
  };
  work.every("labels", { seconds: LABEL_INTERVAL_SECONDS }, ({ signal }) => label({}, signal));
  work.handle<LabelJob>(LABEL_JOB, ({ data: { since, limit }, signal }) =>
    label({ limit, since: since === undefined ? undefined : new Date(since) }, signal),
  );
}
