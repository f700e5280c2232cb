/** Goal: draws follow the rules and the counted votes of the moment, and their probability is the real one. Method: a real database. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ballots } from "@/lib/db/schema/ballots";
import { models } from "@/lib/db/schema/models";
import { createTestDatabase, type TestDatabase } from "@/lib/db/testing";
import { type ArenaSettings, arenaSettingsSchema } from "@/lib/protocol/arena-settings";
import { createId } from "@/lib/util/id";
import { seededRandom } from "@/lib/util/random";
import { drawPair, drawReserve, readPairs } from "./draw-pair";
import { PairScoresCopy } from "./pair-scores";

const NAMES = ["x", "y", "z"];
const awake = NAMES.map((name) => ({ name, modelId: createId() }));
const [x, y, z] = awake;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.db
    .insert(models)
    .values(awake.map(({ name, modelId }) => ({ id: modelId, name, description: {} })));
});
afterAll(() => database.drop());

type Rules = Parameters<typeof arenaSettingsSchema.parse>[0];

function arenaOf(settings: Rules, pairScores = new PairScoresCopy(database.db)) {
  const rules: ArenaSettings = arenaSettingsSchema.parse(settings);
  return { rules: { get: async () => rules }, pairScores };
}

async function vote(count: number, one = x, other = y, counted = true) {
  if (one === undefined || other === undefined) throw new Error("three are awake");
  await database.db.insert(ballots).values(
    Array.from({ length: count }, (_, at) => ({
      ...{ id: createId(), voter: createId(), modelAId: one.modelId, modelBId: other.modelId },
      ...{ outcome: at % 2 === 0 ? ("a" as const) : ("b" as const), pairProbability: 1 / 6 },
      ...{ turn: 1, counted, uncountedReason: counted ? null : ("too-early" as const) },
    })),
  );
}

describe.sequential("by the votes of the moment", () => {
  test("by weight until two models met often enough in the mean, actively from then on", async () => {
    const auto = { sampling: { activeVotesMin: 4 } };
    await vote(11);
    await vote(50, x, y, false);
    // Eleven counted on three pairs: less than four each.
    expect((await readPairs(arenaOf(auto), awake)).method).toBe("weighted");
    await vote(1);
    const { method, table } = await readPairs(arenaOf(auto), awake);
    expect(method).toBe("active");
    // All votes were on x and y, so theirs is the floor and little more; the other two are worth the same.
    const at = (left: number, right: number) => table.probabilities[left * 3 + right] ?? 0;
    expect(at(0, 1)).toBeLessThan(0.05);
    expect(at(0, 1)).toBeGreaterThanOrEqual(0.2 / 6);
    expect(at(0, 2)).toBeCloseTo(at(1, 2), 12);
  });

  test("a method that is named is the one, whatever was voted", async () => {
    for (const method of ["uniform", "weighted", "active"] as const) {
      const arena = arenaOf({ sampling: { method, models: [{ model: "x", weight: 9 }] } });
      const drawn = await drawPair(arena, { awake, random: seededRandom(1) });
      expect(drawn.method).toBe(method);
      if (method === "uniform") expect(drawn.probability).toBeCloseTo(1 / 6, 12);
    }
  });

  test("votes are read again in the background, and not before their time", async () => {
    let nowMs = 0;
    const scores = new PairScoresCopy(database.db, () => nowMs);
    const countOf = async () =>
      [...((await scores.get())?.values() ?? [])].reduce((sum, it) => sum + it.count, 0);
    const before = await countOf();
    expect(before).toBe(12);
    await vote(3, y, z);
    nowMs += 4_999;
    expect(await countOf()).toBe(before);
    nowMs += 1;
    // Asked for now, and here once it was read: nobody waits for it.
    expect(await countOf()).toBe(before);
    await expect.poll(countOf).toBe(before + 3);
  });

  test("a database that is away leaves draws by weight", async () => {
    const gone = await createTestDatabase();
    await gone.drop();
    const arena = arenaOf({ sampling: { method: "active" } }, new PairScoresCopy(gone.db));
    const drawn = await drawPair(arena, { awake, random: seededRandom(1) });
    expect(drawn.method).toBe("weighted");
  });
});

describe("drawPair", () => {
  test("says why there is no battle", async () => {
    const draw = (names: typeof awake, settings: Rules = {}) =>
      drawPair(arenaOf(settings), { awake: names });
    await expect(draw([])).rejects.toThrow("and no model is awake");
    await expect(draw(awake.slice(1, 2))).rejects.toThrow("and only one model is awake");
    const strict = { sampling: { models: [{ model: "x", strictTargets: ["w"] }] } };
    await expect(draw(awake.slice(0, 2), strict)).rejects.toThrow("let no two meet");
    await expect(draw(awake.slice(0, 2), strict)).rejects.toMatchObject({ code: "no-worker" });
  });
});

describe("drawReserve", () => {
  const reserve = (settings: Rules, failed: string[], random = seededRandom(3)) => {
    if (x === undefined) throw new Error("three are awake");
    const stays = { side: "a" as const, model: x };
    return drawReserve(arenaOf(settings), { awake, stays, failed, random });
  };

  test("is drawn as if the failed one had not been awake, with the probability of the new pair", async () => {
    const drawn = await reserve({ sampling: { method: "weighted" } }, ["y"]);
    // Two are left: either side is as likely.
    expect(drawn).toMatchObject({ model: z, method: "weighted" });
    expect(drawn?.probability).toBeCloseTo(0.5, 12);
  });

  test("keeps to who may meet the one that stays, and is nobody where nobody is left", async () => {
    expect(await reserve({}, ["y", "z"])).toBeUndefined();
    const strict = { sampling: { models: [{ model: "z", strictTargets: ["y"] }] } };
    expect(await reserve(strict, ["y"])).toBeUndefined();
    expect((await reserve(strict, ["z"]))?.model).toBe(y);
  });

  test("may stand beside a model that has gone to sleep since", async () => {
    if (x === undefined) throw new Error("three are awake");
    const asleep = awake.filter((it) => it !== x);
    const drawn = await drawReserve(arenaOf({}), {
      ...{ awake: asleep, stays: { side: "b", model: x }, failed: ["y"] },
    });
    expect(drawn?.model).toBe(z);
  });
});
