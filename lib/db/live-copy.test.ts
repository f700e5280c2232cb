/** Goal: what is known to have changed is not answered from before. Method: a feed and a database that a test makes deaf and silent. */
import { expect, test } from "vitest";
import type { ChangeFeed } from "./change-feed";
import { LiveCopy } from "./live-copy";

/** A copy of `rows.now`, whose process hears of no change by itself, as on a machine that is too busy for pulses. */
function makeDeaf(whenAway: "refuse" | "keep") {
  const rows = { now: "old", isAway: false, readings: 0 };
  const feed = { isLive: false, on: () => () => undefined };
  const copy = new LiveCopy({
    // The copy asks for no more of it.
    feed: feed as unknown as ChangeFeed,
    topic: "keys",
    read: async () => {
      rows.readings += 1;
      if (rows.isAway) throw new Error("The connection was ended.");
      return rows.now;
    },
    whenAway,
    now: () => 0,
  });
  return { rows, feed, copy };
}

test("a change made here that could not be read at once is read by whoever asks next", async () => {
  const { rows, copy } = makeDeaf("refuse");
  expect(await copy.get()).toBe("old");
  rows.now = "new";
  rows.isAway = true;
  await expect(copy.refresh()).rejects.toThrow();
  // However young the copy is: it is known to be none of the present.
  expect(copy.peek()).toBeUndefined();
  await expect(copy.get()).rejects.toMatchObject({ code: "unavailable" });
  rows.isAway = false;
  expect(await copy.get()).toBe("new");
  expect(copy.peek()).toBe("new");
});

test("a copy that is kept while the database is away does not ask it for each question", async () => {
  const { rows, copy } = makeDeaf("keep");
  expect(await copy.get()).toBe("old");
  rows.isAway = true;
  await expect(copy.refresh()).rejects.toThrow();
  const { readings } = rows;
  for (let asked = 0; asked < 5; asked++) expect(await copy.get()).toBe("old");
  expect(rows.readings).toBe(readings);
});

test("a process that hears everything reads again after a change alone", async () => {
  const { rows, feed, copy } = makeDeaf("refuse");
  feed.isLive = true;
  for (let asked = 0; asked < 3; asked++) expect(await copy.get()).toBe("old");
  expect(rows.readings).toBe(1);
  rows.now = "new";
  expect(await copy.refresh()).toBe("new");
  expect(rows.readings).toBe(2);
});
