import { expect, test } from "vitest";
import { seededRandom } from "./random";
import { Roster } from "./roster";

test("holds whom a set holds, whoever comes and goes", () => {
  const random = seededRandom(7);
  const all = Array.from({ length: 12 }, (_, name) => ({ name, rosterAt: -1 }));
  const roster = new Roster<(typeof all)[number]>();
  const wanted = new Set<(typeof all)[number]>();
  for (let step = 0; step < 2_000; step++) {
    const member = all[Math.floor(random() * all.length)];
    if (member === undefined) continue;
    if (random() < 0.5) {
      roster.add(member);
      wanted.add(member);
    } else expect(roster.delete(member)).toBe(wanted.delete(member));
    expect(roster.size).toBe(wanted.size);
    expect(roster.has(member)).toBe(wanted.has(member));
    expect(new Set(roster.members())).toEqual(wanted);
  }
});

test("lets who is looked at leave", () => {
  const roster = new Roster<{ rosterAt: number }>();
  for (let count = 0; count < 3; count++) roster.add({ rosterAt: -1 });
  for (const member of roster.members()) roster.delete(member);
  expect(roster.size).toBe(0);
});
