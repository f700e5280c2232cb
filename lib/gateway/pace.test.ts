import { expect, test } from "vitest";
import { Pace } from "./pace";

test("a steady pace is told as it is, from the first seconds on", () => {
  const pace = new Pace(10_000);
  expect(pace.perSecond(0)).toBeUndefined();
  for (let ms = 0; ms < 60_000; ms += 250) {
    pace.note(ms);
    if (ms > 2_000) expect(Math.abs((pace.perSecond(ms) ?? 0) - 4)).toBeLessThan(0.6);
  }
});

test("a pace fades when nothing happens any more", () => {
  const pace = new Pace(10_000);
  for (let ms = 0; ms < 30_000; ms += 100) pace.note(ms);
  expect(pace.perSecond(60_000)).toBeLessThan(1);
  // And a single event is no burst.
  const single = new Pace(10_000);
  single.note(5_000);
  expect(single.perSecond(6_000)).toBeLessThan(1.1);
});
