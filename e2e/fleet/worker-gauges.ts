import { assert } from "@/lib/util/assert";
import { FLEET_SECRETS, type WorkerMember } from "./fleet";

/** What a worker says of itself in its metrics. */
export type WorkerGauges = {
  running: number;
  waiting: number;
  underWay: number;
  completionTokens: number;
};

export async function readGauges({
  address,
}: Pick<WorkerMember, "address">): Promise<WorkerGauges> {
  const text = await readMetrics(address);
  return {
    running: sumOf(text, "parley_worker_running"),
    waiting: sumOf(text, "parley_worker_waiting"),
    underWay: sumOf(text, "parley_worker_under_way"),
    completionTokens: sumOf(text, "parley_worker_tokens_total", '{kind="completion"}'),
  };
}

/** Requests that a web process has under way or lets wait. */
export async function countOpen(address: string): Promise<number> {
  const text = await readMetrics(address);
  return sumOf(text, "parley_generation_running") + sumOf(text, "parley_admission_waiting");
}

async function readMetrics(address: string): Promise<string> {
  const reply = await fetch(`${address}/metrics`, {
    headers: { authorization: `Bearer ${FLEET_SECRETS.worker}` },
    signal: AbortSignal.timeout(5_000),
  });
  return reply.text();
}

/** Over all labels, or those given. A metric that is not there is no 0, or a new name would pass every check. */
function sumOf(text: string, name: string, labels?: string): number {
  assert(text.includes(`# TYPE ${name} `), `there is a metric ${name}`);
  const lines = text.split("\n").filter((line) => {
    return labels === undefined ? /^(\{| )/.test(line.slice(name.length)) : line.includes(labels);
  });
  return lines
    .filter((line) => line.startsWith(name))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}
