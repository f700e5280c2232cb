/**
 * Goal: the command rates what files hold, as its references do, and says clearly where there is nothing to rate.
 * Method: the whole command in this process on files in a folder of its own.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import reference from "@/lib/rating/__fixtures__/twenty-models.json";
import expected from "@/lib/rating/__fixtures__/twenty-models-expected.json";
import { readReferenceVotes } from "@/lib/rating/testing";
import { STYLE_FEATURES } from "@/lib/rating/vote-columns";
import { runCli } from "./main";

const folder = mkdtempSync(join(tmpdir(), "parley-ratings-"));
afterAll(() => rmSync(folder, { recursive: true }));
const root = resolve(import.meta.dirname, "..");

async function run(...words: string[]) {
  let written = "";
  let complaints = "";
  const code = await runCli(["ratings", ...words], {
    root,
    write: (text) => {
      written += text;
    },
    writeError: (text) => {
      complaints += text;
    },
  });
  return { code, written, complaints };
}

type Rated = {
  name: string;
  rating: number | null;
  lower: number | null;
  upper: number | null;
  rank: number | null;
  rank_spread: [number, number] | null;
  votes: number;
  status: string;
};

type Board = {
  models: Rated[];
  coefficients?: { name: string; value: number }[];
  votes: number;
};

async function rateJson(...words: string[]) {
  const { code, written, complaints } = await run(...words, "--json");
  expect(complaints).toBe("");
  expect(code).toBe(0);
  const board: Board = JSON.parse(written);
  return board;
}

let files = 0;
function file(content: string | Buffer, name = "votes.jsonl"): string {
  const path = join(folder, `${files++}-${name}`);
  writeFileSync(path, content);
  return path;
}

type Vote = Record<string, unknown>;
const vote = (a: string, b: string, winner: string, rest: Vote = {}): Vote => ({
  ...{ model_a: a, model_b: b, winner, anony: true },
  ...rest,
});
const lines = (votes: readonly unknown[]) => votes.map((it) => `${JSON.stringify(it)}\n`).join("");
/** Three models that all won and lost. */
const round = (rest: Vote = {}) => [
  ...[vote("x", "y", "model_a", rest), vote("x", "y", "model_b", rest)],
  ...[vote("y", "z", "model_a", rest), vote("z", "y", "model_a", rest)],
  ...[vote("z", "x", "tie", rest), vote("x", "z", "model_a", rest)],
];

describe("numbers of the reference", () => {
  const votes = readReferenceVotes();
  const winners = ["model_a", "model_b", "tie", "tie (bothbad)"];
  const keys = (["a", "b"] as const).flatMap((side) => [
    `sum_assistant_${side}_tokens`,
    ...["header", "list", "bold"].map((it) => `${it}_count_${side}`),
  ]);
  const rows = Array.from({ length: votes.count }, (_, row) => ({
    ...{ model_a: votes.models[votes.modelA[row]!]!, model_b: votes.models[votes.modelB[row]!]! },
    ...{ winner: winners[votes.outcome[row]!]!, tstamp: 1_700_000_000 + row },
    counts: (["a", "b"] as const).flatMap((side) =>
      STYLE_FEATURES.map((feature) => votes.style![feature][side][row]!),
    ),
  }));
  const csv = file(
    [
      ["model_a", "model_b", "winner", "tstamp", "anony", ...keys].join(","),
      ...rows.map(({ counts, ...it }, row) =>
        [
          it.model_a,
          it.model_b,
          it.winner,
          it.tstamp,
          row % 30 > 0 ? "True" : "False",
          ...counts,
        ].join(","),
      ),
    ].join("\n"),
    "votes.csv",
  );
  const objects = rows.map(({ counts, ...it }) => ({
    ...it,
    conv_metadata: Object.fromEntries(
      keys.map((key, index) => {
        const count = counts[index]!;
        return [key, key.startsWith("header") ? { h1: 0, h2: count - 1, h3: 1 } : count];
      }),
    ),
  }));
  const array = file(gzipSync(JSON.stringify(objects, null, 2)), "clean_battle.json.gz");
  const anchor = ["--anchor", `${reference.anchor.model}=${reference.anchor.rating}`];

  test.each<[string, string, string[], Record<string, number>]>([
    ["CSV", csv, [], reference.btExactWithoutAnchor],
    ["CSV", csv, anchor, reference.btExact],
    ["CSV", csv, ["--style-control"], expected.fastchatStyle],
    ["CSV", csv, ["--style-control", ...anchor], expected.fastchatStyleAnchored],
    ["CSV", csv, ["--system", "elo", "--bootstrap", "2"], expected.eloOnline],
    ["a compressed array", array, [], reference.btExactWithoutAnchor],
    ["a compressed array", array, ["--style-control", ...anchor], expected.fastchatStyleAnchored],
  ])("%s %s %j", async (_name, path, flags, wanted) => {
    const { code, written } = await run(
      "--votes",
      path,
      "--preset",
      "fastchat",
      ...flags,
      "--json",
    );
    expect(code).toBe(0);
    const { models, coefficients, votes: count }: Board = JSON.parse(written);
    expect(count).toBe(20_000);
    expect(models.map(({ name }) => name).sort()).toEqual(Object.keys(wanted).sort());
    for (const { name, rating } of models) {
      expect(Math.abs(rating! - wanted[name]!), name).toBeLessThan(0.01);
    }
    for (const [index, { value }] of (coefficients ?? []).entries()) {
      expect(value).toBeCloseTo(expected.fastchatCoefficients[index]!, 5);
    }
    expect(coefficients?.length ?? 0).toBe(flags.includes("--style-control") ? 4 : 0);
  });

  test("votes on names that were shown count unless they are left out", async () => {
    const whole = await run("--votes", csv, "--json");
    expect(whole.complaints).toContain("667 votes are on models whose names were shown");
    const { written, complaints } = await run("--votes", csv, "--anonymous-only", "--json");
    expect(complaints).toContain("and left out");
    expect(JSON.parse(written).votes).toBe(20_000 - 667);
  });
});

test("the board is a table, and effects of style stand beneath", async () => {
  const { code, written } = await run("--votes", file(lines([...round(), ...round()])));
  expect(code).toBe(0);
  expect(written).toMatch(/^Rank +Spread +Model +Rating +95 % interval +Votes\n +1 +1–3 +x /);
  expect(written.trimEnd().split("\n")).toHaveLength(4);
});

describe("filters", () => {
  const all = file(
    lines([
      ...round({ language: "English", categories: ["coding"], tstamp: 86_400, judge: "one" }),
      ...round({ language: "de", categories: [], tstamp: 86_401, judge: "two" }),
      ...round({ language: "Chinese", categories: ["math"], tstamp: 200_000, judge: "one" }),
      vote("w", "x", "tie (bothbad)", { language: "en", categories: [], tstamp: 0, judge: "one" }),
    ]),
  );
  test.each<[string[], number]>([
    [[], 19],
    [["--langs", "en"], 7],
    [["--langs", "English,de"], 13],
    [["--langs", "English", "German"], 13],
    [["--category", "chinese"], 6],
    [["--category", "english"], 7],
    [["--category", "coding"], 6],
    [["--exclude-models", "w"], 18],
    [["--exclude-ties"], 15],
    [["--daily-votes-per-user", "6"], 19],
    [["--daily-votes-per-user", "5"], 16],
    [
      ["--exclude-models", "w", "--exclude-ties", "--daily-votes-per-user", "5", "--langs", "de"],
      5,
    ],
  ])("%j leave %i votes", async (flags, count) => {
    const { votes, models } = await rateJson("--votes", all, ...flags);
    expect(votes).toBe(count);
    expect(models.reduce((sum, it) => sum + it.votes, 0)).toBe(2 * count);
  });

  test("long conversations, by what the file counts", async () => {
    const counts = (a: number, b: number) => ({
      conv_metadata: { sum_user_tokens: 10, sum_assistant_a_tokens: a, sum_assistant_b_tokens: b },
    });
    const path = file(lines([...round(counts(758, 1)), ...round(counts(757, 757))]));
    expect((await rateJson("--votes", path, "--category", "long")).votes).toBe(6);
  });

  test.each([
    [["--category", "coding"], "none has conversations"],
    [["--category", "long"], "counts of tokens"],
    [["--daily-votes-per-user", "2"], "who voted"],
    [["--langs", "fr"], "No vote is left to rate"],
    [["--exclude-models", "x,y,z"], "No vote is left to rate"],
  ])("%j says what the file lacks", async (flags, words) => {
    const { code, complaints, written } = await run("--votes", file(lines(round())), ...flags);
    expect({ code, written }).toEqual({ code: 1, written: "" });
    expect(complaints).toContain(words);
  });
});

describe("what cannot be rated is said", () => {
  test("malformed rows are named by line and counted", async () => {
    const bad = [
      "nonsense",
      '{"model_a":"x"}',
      '{"model_a":"x","model_b":"y","winner":"me"}',
      "[]",
    ];
    const path = file(`${lines(round())}${`${bad.join("\n")}\n`.repeat(6)}${lines(round())}`);
    const { code, complaints, written } = await run("--votes", path, "--json");
    expect(code).toBe(0);
    expect(JSON.parse(written).votes).toBe(12);
    expect(complaints).toContain("line 7 is not JSON");
    expect(complaints).toContain("line 8 has no model_b\n");
    expect(complaints).toContain('line 9 has the winner "me"');
    expect(complaints).toContain("line 10 is not an object\n");
    expect(complaints).toContain("line 26");
    expect(complaints).not.toContain("line 27");
    expect(complaints).toContain("… and 4 more.\n24 rows skipped that cannot be read.");
  });

  test.each<[string, string, number, string]>([
    ["an empty file", "", 1, "is empty"],
    ["blank lines", "\n\n", 1, "is empty"],
    ["an empty list", "[]", 1, "is empty"],
    ["a header alone", "model_a,model_b,winner\n", 1, "is empty"],
    ["prose", "What is this?\n", 1, "is not votes"],
    [
      "other JSON",
      '{"a":1}\n{"b":2}\n',
      1,
      "None of the 2 rows is a vote; the first, on line 1, has no model_a",
    ],
    ["a single model", lines([vote("x", "x", "tie")]), 1, "against itself"],
    ["no other table", "a,b,c\n1,2,3\n", 1, "is not votes"],
  ])("%s", async (_name, content, code, words) => {
    const found = await run("--votes", file(content));
    expect(found).toMatchObject({ code, written: "" });
    expect(found.complaints).toContain(words);
    expect(found.complaints.trim().split("\n")).toHaveLength(1);
  });

  test("a model that never lost has no rating, and the others have theirs", async () => {
    const path = file(
      lines([...round(), vote("best", "x", "model_a"), vote("y", "worst", "model_a")]),
    );
    const { code, complaints, written } = await run("--votes", path, "--json");
    expect(code).toBe(0);
    expect(complaints).toMatch(/Never lost or tied.*: best\.\n.*Never won or tied.*: worst\./s);
    const { models }: Board = JSON.parse(written);
    const best = models.find(({ name }) => name === "best");
    expect(best).toMatchObject({ rating: null, rank: null, rank_spread: null, status: "unbeaten" });
    expect(models.filter(({ rating }) => rating !== null)).toHaveLength(3);
    expect(written).not.toContain("NaN");
    expect((await run("--votes", path)).written).toMatch(/– +– +best +– +never beaten +1\n/);
  });

  test("ties alone leave intervals without a width, which is said; few-votes has some", async () => {
    const path = file(lines([vote("p", "q", "tie"), vote("q", "p", "tie (bothbad)")]));
    const { code, complaints, written } = await run("--votes", path);
    expect(code).toBe(0);
    expect(written).toContain("1000.0 – 1000.0");
    expect(complaints).toMatch(/no certainty.*: p, q\. --intervals few-votes/);
    const wide = await run("--votes", path, "--intervals", "few-votes");
    expect(wide.complaints).toBe("");
    // What is fixed has no interval to speak of.
    const fixed = await run("--votes", file(lines(round())), "--anchor", "x=1000");
    expect(fixed.complaints).toBe("");
  });

  test("models that nothing connects are named; two of which one always wins leave nothing", async () => {
    const apart = [vote("p", "q", "model_a"), vote("p", "q", "model_b")];
    const { code, complaints } = await run("--votes", file(lines([...round(), ...apart])));
    expect(code).toBe(0);
    expect(complaints).toMatch(/No chain of votes.*: p, q\./);
    const oneSided = await run("--votes", file(lines([vote("p", "q", "model_a")])), "--json");
    expect(oneSided.code).toBe(1);
    expect(oneSided.complaints).toContain("No model can be rated");
    expect(JSON.parse(oneSided.written).models).toHaveLength(2);
  });
});

test.each<[string[], string]>([
  [[], "--votes"],
  [["--votes", "/nowhere/votes.jsonl"], "does not exist"],
  [["--votes", folder], "is a folder"],
  [["--votes", "x", "--preset", "other"], "preset"],
  [["--votes", "x", "--anchor", "x"], "some-model=1114"],
  [["--votes", "x", "--bootstrap", "-1"], "whole number"],
  [["--votes", "x", "--moon"], "--moon"],
])("bad use %j ends with 2", async (flags, words) => {
  const { code, complaints } = await run(...flags);
  expect(code).toBe(2);
  expect(complaints).toContain(words);
});

test("Elo goes by the file's order, and by time where that is asked for", async () => {
  const rows = round().map((row, index) => ({ ...row, tstamp: 1_700_000_000 + index }));
  const ratingsOf = async (of: object[], ...flags: string[]) => {
    const ran = await run("--votes", file(lines(of)), "--system", "elo", "--json", ...flags);
    const { models } = JSON.parse(ran.written);
    return { models, isNoted: ran.complaints.includes("--by-time") };
  };
  const [straight, turned] = [await ratingsOf(rows), await ratingsOf(rows.toReversed())];
  expect([straight.isNoted, turned.isNoted]).toEqual([false, true]);
  expect(turned.models).not.toEqual(straight.models);
  expect(await ratingsOf(rows.toReversed(), "--by-time")).toEqual(straight);
  expect((await run("--votes", file(lines(rows)), "--by-time")).code).toBe(2);
});

test("an anchor that has no rating, and Elo with style control, are bad use", async () => {
  const path = file(lines(round()));
  const anchor = await run("--votes", path, "--anchor", "nobody=1000");
  expect(anchor.code).toBe(2);
  expect(anchor.complaints).toContain("nobody");
  expect((await run("--votes", path, "--system", "elo", "--style-control")).code).toBe(2);
  const help = await run("--help");
  expect(help.code).toBe(0);
  expect(help.written).toMatch(/Examples:[\s\S]*Exit codes:/);
});
