"use client";

import clsx from "clsx";
import { useEffect, useState } from "react";
import { formatAge, formatCount } from "@/components/format";
import type { AdminWorker } from "@/lib/protocol/arena-view";
import { AdminTable, type AdminTableProps, CELL, NUMBER } from "../admin-table";

const HEADS: AdminTableProps["heads"] = [
  { label: "Worker" },
  { label: "State" },
  { label: "Models" },
  { label: "Slots", isNumber: true },
  { label: "Queue", isNumber: true },
  { label: "Answers", isNumber: true },
  { label: "Failed", isNumber: true },
  { label: "Tokens", isNumber: true },
  { label: "Last heartbeat", isNumber: true },
];

export type WorkerTableProps = { workers: readonly AdminWorker[]; staleAfterMs: number };

export function WorkerTable({ workers, staleAfterMs }: WorkerTableProps) {
  const now = useNow();
  return (
    <AdminTable label="Workers" heads={HEADS}>
      {workers.map((worker) => (
        <WorkerRow key={worker.id} worker={worker} now={now} staleAfterMs={staleAfterMs} />
      ))}
    </AdminTable>
  );
}

type WorkerRowProps = { worker: AdminWorker; now: number; staleAfterMs: number };

function WorkerRow({ worker, now, staleAfterMs }: WorkerRowProps) {
  const age = now - Date.parse(worker.lastHeartbeatAt);
  return (
    <tr>
      <th scope="row" className={clsx(CELL, "text-left font-normal")}>
        <span className="font-medium">{worker.name}</span>
        <span className="block text-xs text-ink-soft">
          {worker.kind} · <span className="font-mono">{worker.address}</span>
        </span>
      </th>
      <td className={CELL}>
        <State state={age > staleAfterMs && worker.state === "ready" ? "silent" : worker.state} />
      </td>
      <td className={CELL}>
        <ul>
          {worker.models.map((model) => (
            <li
              key={model.name}
              className="font-mono whitespace-nowrap"
              title={`Build ${model.build}`}
            >
              {model.name}
              <span className="ml-2 text-xs text-ink-soft">{model.build.slice(0, 8)}</span>
            </li>
          ))}
        </ul>
      </td>
      <td className={clsx(CELL, NUMBER)}>
        {worker.running} of {worker.slots}
      </td>
      <td className={clsx(CELL, NUMBER)}>
        {worker.waiting} of {worker.waitingMax}
      </td>
      <td className={clsx(CELL, NUMBER)}>{formatCount(worker.requests)}</td>
      <td className={clsx(CELL, NUMBER, worker.failures > 0 && "text-danger")}>
        {formatCount(worker.failures)}
      </td>
      <td className={clsx(CELL, NUMBER)}>{formatCount(worker.completionTokens)}</td>
      <td className={clsx(CELL, NUMBER)}>
        <time dateTime={worker.lastHeartbeatAt}>{formatAge(age)}</time>
      </td>
    </tr>
  );
}

// Silent: held for ready by the registry, though its beat is overdue.
const STATES = {
  starting: "Starting",
  ready: "Ready",
  draining: "Leaving",
  silent: "Silent",
  unreachable: "Unreachable",
  lost: "Lost",
} as const;

/** Told by word and by form; the colour only repeats it. */
function State({ state }: { state: keyof typeof STATES }) {
  return (
    <span className="inline-flex items-center gap-2 whitespace-nowrap">
      <span
        aria-hidden="true"
        className={clsx(
          "size-2 rounded-full",
          state === "ready" && "bg-accent",
          state === "draining" && "border-2 border-accent",
          state === "silent" && "border-2 border-line-strong",
          state === "lost" && "border border-danger",
        )}
      />
      {STATES[state]}
    </span>
  );
}

/** The time, once a second, for ages that count up between two reports. */
function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
