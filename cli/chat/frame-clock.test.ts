import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CHAT_FRAME_MS } from "@/lib/terminal-limits";
import { FrameClock } from "./frame-clock";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("draws at once, and what comes meanwhile once for all", () => {
  const draw = vi.fn();
  const frames = new FrameClock(draw);
  for (let piece = 0; piece < 100; piece++) frames.request();
  expect(draw).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(CHAT_FRAME_MS);
  expect(draw).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(10 * CHAT_FRAME_MS);
  expect(draw).toHaveBeenCalledTimes(2);
});

test("drawings that take long leave as much time for reading", () => {
  const drawMs = 10 * CHAT_FRAME_MS;
  const draw = vi.fn(() => void vi.setSystemTime(Date.now() + drawMs));
  vi.spyOn(performance, "now").mockImplementation(() => Date.now());
  const frames = new FrameClock(draw);
  frames.request();
  // As the pieces of an answer that is read faster than it is drawn.
  for (let ms = 0; ms < drawMs; ms += CHAT_FRAME_MS) {
    frames.request();
    expect(draw).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(CHAT_FRAME_MS);
  }
  expect(draw).toHaveBeenCalledTimes(2);
  frames.stop();
  vi.restoreAllMocks();
});
