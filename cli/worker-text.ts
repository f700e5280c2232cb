import type { ListedWorker } from "@/lib/controller/list-workers";
import { kindWords } from "@/lib/protocol/kind-words";
import type { WorkerTokenView } from "@/lib/protocol/worker-token";

/** Workers and their tokens as lines of a terminal. */

const HEADS = ["Worker", "State", "Models", "Busy", "Waits", "Tokens/s", "Heard", "Address", "Id"];

export function workerTable(workers: readonly ListedWorker[], nowMs = Date.now()): string {
  if (workers.length === 0) {
    return "No worker is registered. `npx parley worker --model <folder>` starts one.\n";
  }
  const rows = workers.map((it) => [
    `${it.name} (${[kindWords(it), it.host].filter(Boolean).join(", ")})`,
    it.reason === null ? it.state : `${it.state}: ${it.reason}`,
    it.models.map(({ name }) => name).join(", ") || "-",
    `${it.running}/${it.slots}`,
    `${it.waiting}/${it.waitingMax}`,
    it.tokensPerSecond === null ? "-" : String(Math.round(it.tokensPerSecond)),
    `${Math.max(0, Math.round((nowMs - Date.parse(it.lastHeartbeatAt)) / 1_000))} s ago`,
    it.beats ? it.address : `${it.address} (asked)`,
    it.id,
  ]);
  return table([HEADS, ...rows]);
}

export function workerTokenTable(views: readonly WorkerTokenView[]): string {
  if (views.length === 0) {
    return "There is no worker token. `npx parley workers token create <name>` makes one.\n";
  }
  const rows = views.map((it) => [
    it.prefix,
    it.name,
    it.revokedAt === null ? "live" : `revoked ${toMinute(it.revokedAt)}`,
    `${it.workers} ${it.workers === 1 ? "worker" : "workers"}`,
    `made ${toMinute(it.createdAt)}`,
    it.id,
  ]);
  return table(rows);
}

/** Names are a worker's own words: none moves the cursor, or draws a line of its own. */
export function plainLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu, "\ufffd");
}

function table(texts: readonly string[][]): string {
  const rows = texts.map((row) => row.map(plainLine));
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths?.[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return `${lines.join("\n")}\n`;
}

/** 2026-11-21 14:05Z. */
function toMinute(moment: string): string {
  return `${moment.slice(0, 16).replace("T", " ")}Z`;
}
