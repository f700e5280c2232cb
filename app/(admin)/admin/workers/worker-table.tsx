"use client";

import clsx from "clsx";
import { useEffect, useState } from "react";
import { formatAge, formatCount } from "@/components/format";
import { Button } from "@/components/ui/button";
import type { AdminWorker, WorkerCommand } from "@/lib/protocol/arena-view";
import { kindWords } from "@/lib/protocol/kind-words";
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
  { label: "Tokens a second", isNumber: true },
  { label: "Last heard", isNumber: true },
  { label: "Change" },
];

export type WorkerTableProps = {
  workers: readonly AdminWorker[];
  staleAfterMs: number;
  onCommand: (worker: AdminWorker, command: WorkerCommand) => void;
};

export function WorkerTable({ workers, ...rest }: WorkerTableProps) {
  const now = useNow();
  return (
    <AdminTable label="Workers" heads={HEADS}>
      {workers.map((worker) => (
        <WorkerRow key={worker.id} worker={worker} now={now} {...rest} />
      ))}
    </AdminTable>
  );
}

type WorkerRowProps = Omit<WorkerTableProps, "workers"> & { worker: AdminWorker; now: number };

function WorkerRow({ worker, now, staleAfterMs, onCommand }: WorkerRowProps) {
  const age = now - Date.parse(worker.lastHeartbeatAt);
  return (
    <tr>
      <th scope="row" className={clsx(CELL, "max-w-64 text-left font-normal")}>
        <span className="font-medium break-words">{worker.name}</span>
        <span className="block text-xs text-ink-soft">
          {[kindWords(worker), worker.host, worker.tokenName].filter(Boolean).join(" · ")}
          <span className="block font-mono break-words">{worker.address}</span>
        </span>
      </th>
      <td className={clsx(CELL, "min-w-32")}>
        <State state={age > staleAfterMs && worker.state === "ready" ? "silent" : worker.state} />
        <span className="block text-xs text-ink-soft empty:hidden">{whyOf(worker)}</span>
      </td>
      <td className={clsx(CELL, "max-w-72 min-w-48")}>
        <Models models={worker.models} />
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
        {worker.tokensPerSecond === null ? "–" : formatCount(Math.round(worker.tokensPerSecond))}
        {worker.outstandingTokens ? (
          <span className="block text-xs text-ink-soft">
            {formatCount(worker.outstandingTokens)} to do
          </span>
        ) : null}
      </td>
      <td className={clsx(CELL, NUMBER)}>
        <time dateTime={worker.lastHeartbeatAt}>{formatAge(age)}</time>
        {worker.beats ? null : <span className="block text-xs text-ink-soft">when asked</span>}
      </td>
      <td className={clsx(CELL, "whitespace-nowrap")}>
        <Commands worker={worker} onCommand={onCommand} />
      </td>
    </tr>
  );
}

/** Of more, these are seen, and the others on demand: a worker of external models may have 256. */
const MODELS_SHOWN = 8;

function Models({ models }: Pick<AdminWorker, "models">) {
  const [isWhole, setIsWhole] = useState(false);
  // One more is no longer than the button that would stand for it.
  const isLong = models.length > MODELS_SHOWN + 1;
  return (
    <>
      <ul>
        {models.slice(0, isLong && !isWhole ? MODELS_SHOWN : undefined).map((model) => (
          <li key={model.name} className="font-mono break-words" title={`Build ${model.build}`}>
            {model.name}
            <span className="ml-2 text-xs text-ink-soft">{model.build.slice(0, 8)}</span>
            {model.isLoading && (
              <span className="ml-2 font-sans text-xs text-ink-soft">loading at its host</span>
            )}
          </li>
        ))}
      </ul>
      {isLong && (
        <Button
          variant="quiet"
          size="small"
          aria-expanded={isWhole}
          onClick={() => setIsWhole(!isWhole)}
          className="-ml-2.5"
        >
          {isWhole ? "Show fewer" : `Show all ${formatCount(models.length)}`}
        </Button>
      )}
    </>
  );
}

/** Why it takes no requests, and whether this server keeps some from it. */
function whyOf({ reason, breaker }: AdminWorker): string {
  const kept = breaker === "closed" ? [] : ["failed requests: passed over for a while"];
  return [...(reason === null ? [] : [reason]), ...kept].join("; ");
}

/** One that is told to leave has nothing more to be told. */
function Commands({ worker, onCommand }: Pick<WorkerRowProps, "worker" | "onCommand">) {
  if (worker.order === "leave" && worker.state !== "lost") return null;
  const isLost = worker.state === "lost";
  const command = worker.order === "drain" ? "resume" : "drain";
  const word = command === "drain" ? "Drain" : "Resume";
  return (
    <span className="flex gap-2">
      {isLost ? null : (
        <Button
          size="small"
          aria-label={`${word} ${worker.name} at ${worker.address}`}
          onClick={() => onCommand(worker, command)}
        >
          {word}
        </Button>
      )}
      <Button
        size="small"
        aria-label={`Remove ${worker.name} at ${worker.address}`}
        onClick={() => onCommand(worker, "remove")}
      >
        Remove
      </Button>
    </span>
  );
}

// Silent: held for ready by the registry, though its beat is overdue.
const STATES = {
  starting: "Starting",
  ready: "Ready",
  draining: "Draining",
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
          (state === "silent" || state === "starting") && "border-2 border-line-strong",
          state === "unreachable" && "border-2 border-danger",
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
