import { faint, plain, type Span, STYLE } from "../screen/spans";
import { plainLine } from "../text-table";
import type { Status, StatusWorker } from "./read-status";

/** A platform as rows of a terminal. */
export function statusRows({ url, ready, missing, degraded, ...status }: Status): Span[][] {
  const well = degraded === undefined ? "ready" : `ready, without its ${degraded} for now`;
  const state = ready
    ? { text: well, style: degraded === undefined ? STYLE.green : STYLE.yellow }
    : { text: `not ready: ${missing ?? "still starting"}`, style: STYLE.red };
  const rows = [
    [faint("Address  "), plain(plainLine(url))],
    [faint("State    "), state],
    [faint("Models   "), plain(status.models.map(plainLine).join(", ") || "none")],
  ];
  if (status.waiting !== null) rows.push([faint("Waiting  "), plain(toRequests(status.waiting))]);
  if (status.workers === undefined) {
    const why =
      "not shown without the platform's admin token; --admin-token-env names its variable";
    rows.push([faint("Workers  "), plain(why)]);
  }
  for (const [index, worker] of (status.workers ?? []).entries()) {
    rows.push([faint(index === 0 ? "Workers  " : "         "), ...workerSpans(worker)]);
  }
  return rows;
}

function workerSpans(worker: StatusWorker): Span[] {
  const { name, kind, state, reason, running, slots, waiting, waitingMax, models } = worker;
  const look = state === "ready" ? STYLE.green : state === "starting" ? STYLE.yellow : STYLE.red;
  const load = ` ${running}/${slots} busy, ${waiting}/${waitingMax} wait`;
  const pace =
    worker.tokensPerSecond === null ? "" : `, ${Math.round(worker.tokensPerSecond)} tokens/s`;
  const loading = models
    .filter(({ isLoading }) => isLoading)
    .map((it) => it.name)
    .join(", ");
  return [
    plain(`${plainLine(name)} (${kind}, `),
    { text: state, style: look },
    plain(`)${load}${pace}`),
    ...(reason === null ? [] : [faint(`: ${plainLine(reason)}`)]),
    ...(loading === "" ? [] : [faint(`, ${plainLine(loading)} loading at its host`)]),
  ];
}

const toRequests = (count: number) =>
  count === 0 ? "no request" : `${count} ${count === 1 ? "request" : "requests"}`;
