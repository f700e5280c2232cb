import { expect, test } from "vitest";
import { findLoading } from "./find-loading";

const json = (body: object) => JSON.stringify(body);

test.each([
  // As the inference API says it.
  [503, json({ error: "Model a/b is currently loading", estimated_time: 20.5 }), undefined, 20.5],
  [503, json({ error: "Model a/b is currently loading" }), undefined, undefined],
  [503, json({ error: "Model a/b is currently loading", estimated_time: "soon" }), "5", 5],
  [503, json({ error: "x", estimated_time: 1e9 }), undefined, 3_600],
  [502, "The endpoint is being started.", undefined, undefined],
  [503, "Endpoint is scaled to zero", undefined, undefined],
  [503, json({ error: "model is not ready" }), undefined, undefined],
  [504, "still initializing", undefined, undefined],
])("%d %s is a model on its way", (status, body, retryAfter, estimateSeconds) => {
  for (const mayWake of [true, false]) {
    expect(findLoading({ status, body, retryAfter }, mayWake)).toEqual({ estimateSeconds });
  }
});

test.each([
  [502, ""],
  [503, "503 Service Unavailable"],
  [503, "<html>Bad gateway</html>"],
])("%d %s is one of an endpoint that may be taken away, and of no other", (status, body) => {
  expect(findLoading({ status, body }, true)).toEqual({ estimateSeconds: undefined });
  expect(findLoading({ status, body }, false)).toBeUndefined();
});

test.each([
  [503, json({ error: "Model is overloaded", error_type: "overloaded" }), undefined],
  [503, "The engine is overloaded.", "7"],
  [503, "Service Unavailable", "7"],
  [504, "upstream timed out", undefined],
  [500, json({ error: "Model a/b is currently loading" }), undefined],
  [429, json({ error: "x", estimated_time: 5 }), undefined],
])("%d %s is none", (status, body, retryAfter) => {
  expect(findLoading({ status, body, retryAfter }, true)).toBeUndefined();
});
