import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ANSWER_STALE_AFTER_MS, PAGE_SETTLE_ATTEMPTS_MAX } from "@/lib/limits";
import type { AnswerView } from "@/lib/protocol/arena-view";
import { readUntilSettled } from "./read-until-settled";

const answer = (status: AnswerView["status"]): AnswerView => ({
  ...{ id: "a", role: "assistant", parentId: "p", side: null, content: "so far", status },
  ...{ finishReason: null, error: null, model: null, stats: null },
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function begin(load: () => Promise<AnswerView[] | null>) {
  const shown: string[] = [];
  const left = new AbortController();
  const ended = vi.fn();
  void readUntilSettled({
    load,
    show: ([message]) => shown.push(message?.role === "assistant" ? message.status : "none"),
    signal: left.signal,
  }).then(ended);
  return { shown, left, ended };
}

test("a stopped answer is shown as soon as the server has ended it, and never as running", async () => {
  const load = vi.fn(async () => [answer(load.mock.calls.length < 4 ? "streaming" : "stopped")]);
  const { shown, ended } = begin(load);
  await vi.advanceTimersByTimeAsync(1_500);
  expect(shown).toEqual(["stopped"]);
  expect(ended).toHaveBeenCalled();
});

test("an answer whose process died is waited for until the server holds it for dead", async () => {
  const diedMs = Date.now();
  const { shown, ended } = begin(async () => [
    answer(Date.now() - diedMs < ANSWER_STALE_AFTER_MS + 2_000 ? "streaming" : "failed"),
  ]);
  await vi.advanceTimersByTimeAsync(ANSWER_STALE_AFTER_MS + 6_000);
  expect(shown.at(-1)).toBe("failed");
  // Another tab's answer is seen to grow.
  expect(shown.filter((status) => status === "streaming").length).toBeGreaterThan(3);
  expect(ended).toHaveBeenCalled();
});

test("a server that is away is given up, and one that comes back is read", async () => {
  const away = begin(async () => Promise.reject(new Error("away")));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(away.shown).toEqual([]);
  expect(away.ended).toHaveBeenCalled();

  const load = vi.fn(async () => {
    if (load.mock.calls.length < PAGE_SETTLE_ATTEMPTS_MAX) throw new Error("away");
    return [answer("complete")];
  });
  const back = begin(load);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(back.shown).toEqual(["complete"]);
});

test("a reader who goes on is shown nothing more", async () => {
  const { shown, left, ended } = begin(async () => [answer("complete")]);
  left.abort();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(shown).toEqual([]);
  expect(ended).toHaveBeenCalled();
});
