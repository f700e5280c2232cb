import { expect, test } from "vitest";
import { parseCpuMs } from "./process-cpu";

test("user and system time of a process, whatever its name", () => {
  const rest = "S 1 2 3 4 5 6 7 8 9 10 120 30 0 0 20 0 11 0";
  expect(parseCpuMs(`42 (node) ${rest}`)).toBe(1_500);
  expect(parseCpuMs(`42 (a) b (c) ${rest}`)).toBe(1_500);
  expect(parseCpuMs("nothing of the kind")).toBeUndefined();
});
