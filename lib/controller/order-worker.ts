import type { Database } from "@/lib/db/client";
import { AppError } from "@/lib/errors";
import type { WorkerCommand, WorkerOrdered } from "@/lib/protocol/arena-view";
import type { ControllerConfig } from "./controller-config";
import { readNamedWorkers, writeOrder } from "./store";

/** What came of a command, and which worker it went to. */
export type Ordered = WorkerOrdered & { id: string; name: string; address: string };

/**
 * The one worker that `word` names: its id, name or address.
 *
 * @throws AppError `not-found`, or `conflict` with the list when several are called so.
 */
export async function findWorker(db: Database, word: string) {
  const found = await readNamedWorkers(db, word.replace(/\/+$/, ""));
  const [worker, ...others] = found;
  if (worker === undefined) {
    throw new AppError("not-found", {
      message: `There is no worker \`${word}\`. \`npx parley workers list\` shows ids, names and addresses.`,
    });
  }
  if (others.length === 0) return worker;
  const list = found.map(({ id, address }) => `  ${id}  ${address}`).join("\n");
  throw new AppError("conflict", {
    message: `Several workers are called \`${word}\`. Name one by its id or address:\n${list}`,
  });
}

/**
 * Writes an order down. Every web process keeps to it within a second; the worker hears it with its next beat.
 *
 * @throws AppError `not-found`, `conflict`
 */
export async function orderWorker(
  db: Database,
  word: string,
  command: WorkerCommand,
  { staleAfterMs }: Pick<ControllerConfig, "staleAfterMs">,
): Promise<Ordered> {
  const { id, name, address, state, beats, order, silentMs } = await findWorker(db, word);
  if (order === "leave" && command !== "remove") {
    throw new AppError("conflict", {
      message: `The worker ${name} was told to leave, which is final. Start it anew.`,
    });
  }
  const isDeaf = !beats || state === "lost" || silentMs > staleAfterMs;
  const isGone = command === "remove" && isDeaf;
  const orders = { drain: "drain", resume: null, remove: "leave" } as const;
  await writeOrder(db, { id, order: orders[command], isGone });
  return { id, name, address, outcome: isGone ? "gone" : command };
}
