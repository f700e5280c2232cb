import { expect, test, vi } from "vitest";
import {
  TOKENIZER_CALLS_AT_ONCE_MAX,
  TOKENIZER_CALLS_WAITING_MAX,
  WORKER_CALL_MS_MAX,
} from "@/lib/limits";
import { Stop } from "@/lib/util/stop";
import { TokenizerGate } from "./tokenizer-gate";

const signal = new Stop();

/** Calls of one after the other, with what became of each. */
function begin(gate: TokenizerGate, more: { lane?: string; signal?: AbortSignal } = {}) {
  const call = { end: () => {}, state: "waits" };
  void gate.enter({ model: "m", lane: "a", signal, ...more }).then(
    (end) => Object.assign(call, { end, state: "runs" }),
    (error: { code?: string }) => Object.assign(call, { state: error.code ?? String(error) }),
  );
  return call;
}

const settle = () => new Promise((resolve) => setImmediate(resolve));
const many = (gate: TokenizerGate, count: number, lane: string) =>
  Array.from({ length: count }, () => begin(gate, { lane }));

test("a few run at once, and turns are shared alike", async () => {
  const gate = new TokenizerGate();
  const greedy = many(gate, 10, "greedy");
  const modest = begin(gate, { lane: "modest" });
  const elsewhere = await gate.enter({ model: "other", lane: "greedy", signal });
  await settle();
  const running = () => greedy.filter(({ state }) => state === "runs");
  expect(running()).toHaveLength(TOKENIZER_CALLS_AT_ONCE_MAX);
  expect(modest.state).toBe("waits");
  greedy[0]?.end();
  greedy[0]?.end();
  await settle();
  expect(modest.state).toBe("runs");
  elsewhere();
  for (const call of [modest, ...greedy]) {
    await settle();
    call.end();
  }
  expect(greedy.every(({ state }) => state === "runs")).toBe(true);
  expect(gate.size).toBe(0);
});

test("who waits too long, or stands beyond the last place, is refused; who leaves is forgotten", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const gate = new TokenizerGate();
    const running = many(gate, TOKENIZER_CALLS_AT_ONCE_MAX, "a");
    const client = new AbortController();
    const left = begin(gate, { signal: client.signal });
    const waiting = many(gate, TOKENIZER_CALLS_WAITING_MAX - 1, "a");
    const beyond = begin(gate);
    await settle();
    expect([beyond.state, left.state]).toEqual(["overloaded", "waits"]);
    client.abort(new Error("left"));
    await settle();
    expect(left.state).toBe("Error: left");
    await vi.advanceTimersByTimeAsync(WORKER_CALL_MS_MAX);
    expect(new Set(waiting.map(({ state }) => state))).toEqual(new Set(["overloaded"]));
    for (const call of running) call.end();
    expect(gate.size).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
