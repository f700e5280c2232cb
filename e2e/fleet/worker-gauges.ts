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
  const reply = await fetch(`${address}/metrics`, {
    headers: { authorization: `Bearer ${FLEET_SECRETS.worker}` },
    signal: AbortSignal.timeout(5_000),
  });
  const text = await reply.text();
  const read = (name: string) =>
    Number(new RegExp(`^${name.replace(/[{}]/g, "\\$&")} (\\d+)`, "m").exec(text)?.[1] ?? 0);
  return {
    running: read("parley_worker_running"),
    waiting: read("parley_worker_waiting"),
    underWay: read("parley_worker_under_way"),
    completionTokens: read('parley_worker_tokens_total{kind="completion"}'),
  };
}
