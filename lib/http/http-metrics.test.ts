import { expect, test } from "vitest";
import { toRouteLabel } from "./http-metrics";

test("a route has one label, however its parameters are written", () => {
  const label = "/v1/responses/:id/cancel";
  expect(toRouteLabel("/v1/responses/resp_1/cancel", { id: "resp_1" })).toBe(label);
  expect(toRouteLabel("/v1/responses/%41%2Fb/cancel", { id: "A/b" })).toBe(label);
  expect(toRouteLabel("/v1/responses/r/cancel", { id: "r" })).toBe(label);
  expect(toRouteLabel("/v1/responses/%zz/cancel", { id: "%zz" })).toBe(label);
  expect(toRouteLabel("/v1/models", {})).toBe("/v1/models");
});
