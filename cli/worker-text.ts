import type { ListedWorker } from "@/lib/controller/list-workers";
import { kindWords } from "@/lib/protocol/kind-words";
import type { WorkerTokenView } from "@/lib/protocol/worker-token";
import { textTable, toMinute } from "./text-table";

/** Workers and their tokens as lines of a terminal. */

const HEADS = ["Worker", "State", "Models", "Busy", "Waits", "Tokens/s", "Heard", "Address", "Id"];

export function workerTable(workers: readonly ListedWorker[], nowMs = Date.now()): string {
  if (workers.length === 0) {
    return "No worker is registered. `npx parley worker --model <folder>` starts one.\n";
  }
  const rows = workers.map((it) => [
    `${it.name} (${[kindWords(it), it.host].filter(Boolean).join(", ")})`,
    it.reason === null ? it.state : `${it.state}: ${it.reason}`,
    it.models.map(toModelText).join(", ") || "-",
    `${it.running}/${it.slots}`,
    `${it.waiting}/${it.waitingMax}`,
    it.tokensPerSecond === null ? "-" : String(Math.round(it.tokensPerSecond)),
    `${Math.max(0, Math.round((nowMs - Date.parse(it.lastHeartbeatAt)) / 1_000))} s ago`,
    it.beats ? it.address : `${it.address} (asked)`,
    it.id,
  ]);
  return textTable([HEADS, ...rows]);
}

const toModelText = ({ name, isLoading }: ListedWorker["models"][number]) =>
  isLoading ? `${name} (loading at its host)` : name;

export function workerTokenTable(views: readonly WorkerTokenView[]): string {
  if (views.length === 0) {
    return "There is no worker token. `npx parley workers token create <name>` makes one.\n";
  }
  const rows = views.map((it) => [
    it.prefix,
    it.name,
    it.revokedAt === null ? "live" : `revoked ${toMinute(it.revokedAt)}`,
    `${it.workers} ${it.workers === 1 ? "worker" : "workers"}`,
    it.readsProviderKeys ? "reads provider keys" : "",
    `made ${toMinute(it.createdAt)}`,
    it.id,
  ]);
  return textTable(rows);
}
