/**
 * Goal: whatever operators wrote, a request comes to a bounded list of models, its own first. Method:
 * the rules by example, then random catalogs, chains and loops among them, by a printed seed.
 */
import { describe, expect, test } from "vitest";
import type { AliasEntry, Catalog, ModelSettings } from "@/lib/catalog/catalog";
import { ROUTE_CANDIDATES_MAX } from "@/lib/limits";
import { aliasSchema } from "@/lib/protocol/catalog";
import { seededRandom } from "@/lib/util/random";
import { planModels } from "./plan-models";

type AliasInput = Parameters<typeof aliasSchema.parse>[0];

function alias(input: AliasInput, more: Partial<AliasEntry> = {}): AliasEntry {
  return { ...aliasSchema.parse(input), rollback: undefined, version: 1, ...more };
}

function catalogOf(
  aliases: readonly AliasEntry[],
  settings: readonly Partial<ModelSettings>[] = [],
): Catalog {
  const none = { defaults: {}, price: undefined, limits: {}, fallbacks: [] };
  const rows = settings.map((it) => ({ ...none, model: "", ...it }));
  return {
    aliases: new Map(aliases.map((it) => [it.name, it])),
    settings: new Map(rows.map((it) => [it.model, it])),
  };
}

const random = seededRandom(1);
const base = { models: [], auto: [], allowed: undefined, random, catalog: catalogOf([]) };
const namesOf = (plan: ReturnType<typeof planModels>) => plan.candidates.map((it) => it.model);

describe("a plan", () => {
  test("of a model's name is that model, as it was asked for", () => {
    const { candidates, mirrors } = planModels({ ...base, asked: "a" });
    expect(candidates).toEqual([
      { model: "a", names: ["a"], targets: [], defaults: {}, isSpare: false, why: undefined },
    ]);
    expect(mirrors).toEqual([]);
  });

  test("goes on with the request's list, then with what stands in", () => {
    const catalog = catalogOf(
      [],
      [
        { model: "a", fallbacks: ["d", "b"], defaults: { temperature: 0.3 } },
        { model: "b", fallbacks: ["e"] },
      ],
    );
    const plan = planModels({ ...base, catalog, asked: "a", models: ["b", "a", "c"] });
    expect(namesOf(plan)).toEqual(["a", "b", "c", "d", "e"]);
    expect(plan.candidates[0]?.defaults).toEqual({ temperature: 0.3 });
    // A key that may use `a` may use what its keeper lets stand in for it.
    expect(plan.candidates[3]?.names).toEqual(["a", "d"]);
    expect(plan.candidates[3]?.why).toBe("It is set to stand in for a.");
    // What a request lists gets no leave from another of its names.
    expect(plan.candidates[2]?.names).toEqual(["c"]);
  });

  test("follows aliases of aliases, and says which targets were taken", () => {
    const catalog = catalogOf([
      alias({ name: "x", targets: [{ model: "y" }] }),
      alias({ name: "y", targets: [{ model: "m" }] }),
    ]);
    const [candidate] = planModels({ ...base, catalog, asked: "x" }).candidates;
    expect(candidate).toMatchObject({
      ...{ model: "m", names: ["x", "y", "m"], why: "x is an alias. y is an alias." },
      targets: [
        { alias: "x", model: "y", version: 1 },
        { alias: "y", model: "m", version: 1 },
      ],
    });
  });

  test("takes an alias before the model of its name, which it may hand a share to", () => {
    const catalog = catalogOf([
      alias({
        name: "a",
        targets: [
          { model: "a", weight: 1e-6 },
          { model: "b", weight: 1e6 },
        ],
      }),
    ]);
    expect(namesOf(planModels({ ...base, catalog, asked: "a" }))).toEqual(["b", "a"]);
  });

  test("leaves out a target that was rolled back, unless it is the only one", () => {
    const rollback = { model: "a", atMs: 0, reason: "" };
    const two = alias({ name: "x", targets: [{ model: "a" }, { model: "b" }] }, { rollback });
    const one = alias({ name: "y", targets: [{ model: "a" }] }, { rollback });
    const catalog = catalogOf([two, one]);
    expect(namesOf(planModels({ ...base, catalog, asked: "x" }))).toEqual(["b"]);
    expect(namesOf(planModels({ ...base, catalog, asked: "y" }))).toEqual(["a"]);
  });

  test("leaves a model in the place for which the key gives leave", () => {
    const targets = [
      { model: "a", weight: 1e6 },
      { model: "b", weight: 1e-6 },
    ];
    const catalog = catalogOf([alias({ name: "x", targets })]);
    const asked = { ...base, catalog, asked: "b", models: ["x"] };
    expect(planModels(asked).candidates.map((it) => [it.model, it.names])).toEqual([
      ["b", ["b"]],
      ["a", ["x", "a"]],
    ]);
    // Weights say which target a key for the alias gets.
    const allowed = ["x"];
    expect(planModels({ ...asked, allowed }).candidates.map((it) => [it.model, it.names])).toEqual([
      ["a", ["x", "a"]],
      ["b", ["x", "b"]],
    ]);
    expect(namesOf(planModels({ ...asked, allowed: ["other"] }))).toEqual(["b", "a"]);
  });

  test("counts tokens by the heaviest target, always", () => {
    const targets = [{ model: "a" }, { model: "b", weight: 2 }, { model: "c" }];
    const catalog = catalogOf([alias({ name: "x", targets, mirrors: [{ model: "m", share: 1 }] })]);
    const plan = planModels({ ...base, catalog, asked: "x", random: undefined });
    expect(namesOf(plan)).toEqual(["b", "a", "c"]);
    expect(plan.mirrors).toEqual([]);
  });

  test("mirrors by share, never to who answers anyway", () => {
    const mirrors = [
      { model: "m", share: 1 },
      { model: "a", share: 1 },
    ];
    const catalog = catalogOf([alias({ name: "x", targets: [{ model: "a" }], mirrors })]);
    expect(planModels({ ...base, catalog, asked: "x" }).mirrors).toEqual(["m"]);
    expect(planModels({ ...base, catalog, asked: "a" }).mirrors).toEqual([]);
  });
});

test("aliases that share their targets in many ways are walked in some of them", () => {
  const layers = Array.from({ length: 7 }, (_, layer) =>
    Array.from({ length: 16 }, (_, index) => {
      const name = (at: number, of: number) => (at > 6 ? "end" : `l${at}-${of}`);
      const next = Array.from({ length: layer === 6 ? 1 : 16 }, (_, of) => name(layer + 1, of));
      return alias({ name: name(layer, index), targets: next.map((model) => ({ model })) });
    }),
  );
  const plan = planModels({ ...base, catalog: catalogOf(layers.flat()), asked: "l0-0" });
  expect(namesOf(plan)).toEqual(["end"]);
});

const seed = Math.floor(Math.random() * 2 ** 31);

test(`weights are kept, for the first and for the second (seed ${seed})`, () => {
  const drawn = seededRandom(seed);
  const weights = { a: 5, b: 3, c: 2 };
  const targets = Object.entries(weights).map(([model, weight]) => ({ model, weight }));
  const catalog = catalogOf([
    alias({ name: "x", targets, mirrors: [{ model: "m", share: 0.25 }] }),
  ]);
  const rounds = 20_000;
  const first: Record<string, number> = { a: 0, b: 0, c: 0 };
  let secondAfterA = 0;
  let mirrored = 0;
  for (let round = 0; round < rounds; round++) {
    const plan = planModels({ ...base, catalog, asked: "x", random: drawn });
    const [one, two] = namesOf(plan);
    first[one!]! += 1;
    if (one === "a" && two === "b") secondAfterA += 1;
    mirrored += plan.mirrors.length;
  }
  // Six standard deviations: one run in 500 million is wrong by chance.
  const within = (count: number, share: number, of: number) =>
    expect(Math.abs(count - share * of)).toBeLessThan(6 * Math.sqrt(of * share * (1 - share)));
  within(first.a!, 0.5, rounds);
  within(first.b!, 0.3, rounds);
  within(first.c!, 0.2, rounds);
  within(secondAfterA, 0.6, first.a!);
  within(mirrored, 0.25, rounds);
});

test(`any catalog gives a bounded plan without repetitions (seed ${seed})`, () => {
  const drawn = seededRandom(seed);
  const below = (count: number) => Math.floor(drawn() * count);
  const names = Array.from({ length: 12 }, (_, index) => `n${index}`);
  const pick = () => names[below(names.length)]!;
  const some = (count: number) => [...new Set(Array.from({ length: 1 + below(count) }, pick))];
  for (let round = 0; round < 400; round++) {
    const aliases = some(8).map((name) => {
      const targets = some(6).map((model) => ({ model, weight: 0.01 + drawn() }));
      const rollback =
        drawn() < 0.3 ? { model: targets[0]!.model, atMs: 0, reason: "" } : undefined;
      return alias({ name, targets, mirrors: [{ model: pick(), share: 0.5 }] }, { rollback });
    });
    const settings = some(6).map((model) => ({ model, fallbacks: some(4) }));
    const catalog = catalogOf(aliases, settings);
    const asked = pick();
    const plan = planModels({ ...base, catalog, asked, models: some(8), random: drawn });
    const planned = namesOf(plan);
    expect(planned.length).toBeGreaterThan(0);
    expect(planned.length).toBeLessThanOrEqual(ROUTE_CANDIDATES_MAX);
    expect(new Set(planned).size).toBe(planned.length);
    expect(plan.mirrors).not.toContain(planned[0]);
    expect(plan.candidates[0]?.names[0]).toBe(asked);
    for (const { model, names: path, targets } of plan.candidates) {
      expect(path).toContain(model);
      for (const { alias: name, model: target } of targets) {
        expect(catalog.aliases.get(name)?.targets.map((it) => it.model)).toContain(target);
      }
    }
  }
});
