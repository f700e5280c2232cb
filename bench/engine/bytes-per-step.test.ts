import { expect, test } from "vitest";
import { bytesPerStep } from "./bytes-per-step";

const alone = { batch: 1, contextLength: 0 };

test("weights are read once for the batch, caches once a sequence", () => {
  const stored = { weights: "int4-block128", cacheElementBytes: 4 } as const;
  const bytes = (batch: number, contextLength: number) =>
    bytesPerStep("qwen2.5-0.5b", stored, { batch, contextLength });
  const cache = 2 * 24 * 2 * 64 * 4 * 100;
  expect(bytes(1, 100) - bytes(1, 0)).toBe(cache);
  expect(bytes(16, 100) - bytes(1, 100)).toBe(15 * cache);
  // 494 million weights of half a byte, and a float for each 128.
  expect(bytes(1, 0) / 1e6).toBeCloseTo(494 * (0.5 + 4 / 128), -1);
});

test("finer blocks cost more bytes, and GGUF's are counted by its own layout", () => {
  const of = (weights: Parameters<typeof bytesPerStep>[1]["weights"]) =>
    bytesPerStep("smollm2-135m", { weights, cacheElementBytes: 2 }, alone);
  expect(of("int4-block32") / of("fp32")).toBeCloseTo((0.5 + 4 / 32) / 4, 6);
  expect(of("Q8_0") / of("Q4_0")).toBeCloseTo(34 / 18, 6);
  expect(of("int8-dynamic") / of("fp16")).toBeCloseTo(0.5, 6);
});
