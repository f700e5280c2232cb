import { expect, test } from "vitest";
import { seededRandom } from "@/lib/util/random";
import { drawSoakRequest, SOAK_LENGTH_MAX } from "./soak-request";

const draw = (seed: number, count: number) => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => drawSoakRequest(random));
};

test("the same seed gives the same mix", () => {
  expect(draw(3, 20)).toEqual(draw(3, 20));
  expect(draw(3, 20)).not.toEqual(draw(4, 20));
});

test("the mix has every kind of request, and none that cannot be served", () => {
  const mix = draw(5, 400);
  const prompts = mix.map(({ request }) => ("promptIds" in request ? request.promptIds : []));
  for (const [index, ids] of prompts.entries()) {
    const length = ids.length + (mix[index]?.request.maxTokens ?? 0);
    expect(ids.length).toBeGreaterThan(0);
    expect(length).toBeLessThanOrEqual(SOAK_LENGTH_MAX);
  }
  const firsts = prompts.map((ids) => ids[0]);
  expect(new Set(firsts).size).toBeLessThan(firsts.length * 0.7);
  expect(mix.some((it) => it.abortAfterTokens !== undefined)).toBe(true);
  expect(mix.some((it) => it.request.stop.length > 0)).toBe(true);
  expect(mix.some((it) => it.request.logProbabilityCount !== undefined)).toBe(true);
  expect(mix.some((it) => it.request.reportPrompt)).toBe(true);
});
