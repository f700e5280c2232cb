/**
 * Goal: whatever form a file of votes has, the same votes come out of it, and what is none is named.
 * Method: the same votes written in each form, also in damaged ones, and seeded files against JSON.parse.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { categoryNames } from "@/lib/rating/categories";
import { OUTCOME_CODES } from "@/lib/rating/vote-columns";
import { seededRandom } from "@/lib/util/random";
import { readVoteRows } from "./read-vote-rows";
import { readVotes } from "./read-votes";
import { type PublicVote, toVoteLine, WINNERS } from "./vote-line";
import type { VoteRow } from "./vote-row";
import type { VotesWanted, VoteTable } from "./vote-table";

const folder = mkdtempSync(join(tmpdir(), "parley-votes-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function file(content: string | Buffer): string {
  // Names tell nothing.
  const path = join(folder, `${files++}.votes`);
  writeFileSync(path, content);
  return path;
}

const ALL: VotesWanted = {
  ...{ style: true, time: true, voter: true, language: true, categories: true, length: true },
  named: true,
};

/** What a table says of each vote. */
function toRows({ votes, ...table }: VoteTable) {
  return Array.from({ length: votes.count }, (_, row) => ({
    a: votes.models[votes.modelA[row]!],
    b: votes.models[votes.modelB[row]!],
    outcome: OUTCOME_CODES[votes.outcome[row]!],
    time: table.time?.[row],
    voter: table.voter?.names[table.voter.rows[row]!],
    language: table.language?.names[table.language.rows[row]!],
    categories: table.categories && categoryNames(table.categories[row]!),
    length: table.length?.[row],
    style: (["a", "b"] as const).map((side) => [
      votes.style?.tokens[side][row],
      votes.style?.headers[side][row],
      votes.style?.lists[side][row],
      votes.style?.bold[side][row],
    ]),
  }));
}

const NAMES = ["alpha", "org/beta-2.5", "Gämma 模型", 'say "delta"', "back\\slash"];

function randomVotes(count: number, seed: number) {
  const random = seededRandom(seed);
  const below = (max: number) => Math.floor(max * random());
  return Array.from({ length: count }, (_, index) => {
    const a = below(NAMES.length);
    const b = (a + 1 + below(NAMES.length - 1)) % NAMES.length;
    return {
      ...{ model_a: NAMES[a], model_b: NAMES[b], winner: Object.values(WINNERS)[below(4)] },
      judge: `arena_user_${below(9)}`,
      turn: 1 + below(4),
      anony: true,
      language: ["English", "Chinese", "unknown", "pt-BR"][below(4)],
      tstamp: 1_700_000_000.25 + index,
      categories: [[], ["coding"], ["math", "hard"]][below(3)],
      conv_metadata: {
        sum_user_tokens: below(100),
        ...counts("a", below),
        ...counts("b", below),
      },
    };
  });
}

function counts(side: string, below: (max: number) => number) {
  return {
    [`sum_assistant_${side}_tokens`]: below(2_000),
    [`header_count_${side}`]: { h1: below(3), h2: below(3), h3: 0, h4: 0, h5: 0, h6: 0 },
    [`list_count_${side}`]: { ordered: below(9), unordered: below(9) },
    [`bold_count_${side}`]: { "**": below(9), __: 0 },
  };
}

describe("every form has the same votes", () => {
  const seed = 31;
  const votes = randomVotes(500, seed);
  const sum = (it: unknown) =>
    Object.values(it as Record<string, number>).reduce((x, y) => x + y, 0);
  const wanted = votes.map((it) => {
    const metadata = it.conv_metadata as Record<string, unknown>;
    return {
      ...{ a: it.model_a, b: it.model_b, time: it.tstamp, voter: it.judge },
      outcome: OUTCOME_CODES[Object.values(WINNERS).indexOf(it.winner!)],
      language: { English: "en", Chinese: "zh", unknown: "", "pt-BR": "pt" }[it.language!],
      categories: categoryNames(
        1 +
          (it.categories!.includes("coding") ? 4 : 0) +
          (it.categories!.includes("math") ? 10 : 0),
      ),
      length:
        Number(metadata.sum_user_tokens) +
        Math.max(Number(metadata.sum_assistant_a_tokens), Number(metadata.sum_assistant_b_tokens)),
      style: ["a", "b"].map((side) => [
        metadata[`sum_assistant_${side}_tokens`],
        ...["header", "list", "bold"].map((name) => sum(metadata[`${name}_count_${side}`])),
      ]),
    };
  });
  const lines = votes.map((it) => JSON.stringify(it));
  const quoted = (value: unknown) => `"${String(value).replaceAll('"', '""')}"`;
  const fields = [
    "model_a",
    "model_b",
    "winner",
    "judge",
    "turn",
    "anony",
    "language",
    "tstamp",
  ] as const;
  const table = [
    [...fields, "categories", "conv_metadata"].join(";"),
    ...votes.map((it) =>
      [
        ...fields.map((name) => (name === "anony" ? "True" : quoted(it[name]))),
        quoted(JSON.stringify(it.categories)),
        // As Python prints it.
        quoted(JSON.stringify(it.conv_metadata).replaceAll('"', "'")),
      ].join(";"),
    ),
  ].join("\r\n");

  test.each<[string, string | Buffer]>([
    ["lines", `${lines.join("\n")}\n`],
    [
      "lines of Windows, without the last break, with empty ones and a mark",
      `\ufeff${lines.join("\r\n\r\n")}`,
    ],
    [
      "lines with blanks",
      votes.map((it) => JSON.stringify(it, null, 1).replaceAll("\n", " ")).join("\n"),
    ],
    ["compressed lines", gzipSync(lines.join("\n"))],
    ["a list on one line", `[${lines.join(",")}]`],
    ["a list on many lines", JSON.stringify(votes, null, 2)],
    ["a compressed list", gzipSync(JSON.stringify(votes, null, 4))],
    ["a table", table],
  ])("%s", async (_name, content) => {
    const { table: read, report } = await readVotes(file(content), ALL);
    expect(report).toMatchObject({ rows: 500, votes: 500, badCount: 0 });
    expect(toRows(read)).toEqual(wanted);
  });

  test("one by one as well, and alike with less wanted", async () => {
    const rows: VoteRow[] = [];
    const path = file(lines.join("\n"));
    await readVoteRows(path, (some) => void rows.push(...some));
    expect(rows.map(({ modelA, outcome, time }) => ({ a: modelA, outcome, time }))).toEqual(
      wanted.map(({ a, outcome, time }) => ({ a, outcome, time })),
    );
    const { table: plain } = await readVotes(path);
    expect(toRows(plain).map(({ a, b, outcome }) => [a, b, outcome])).toEqual(
      wanted.map(({ a, b, outcome }) => [a, b, outcome]),
    );
    expect(plain.votes.style).toBeUndefined();
  });
});

test("tables of Python: moments in milliseconds, and NaN for what is not known", async () => {
  const lines = [
    '{"model_a":"x","model_b":"y","winner":"model_a","timestamp":1748700000123,"judge":NaN}',
    '{"model_a":"x","model_b":"y","winner":"tie","timestamp":1748700000,"judge":"says NaN, \\"NaN\\""}',
    '{"model_a":"x","model_b":"y","winner":"tie","timestamp":9e14,"judge":-Infinity}',
  ];
  for (const text of [lines.join("\n"), `[${lines.join(",\n")}]`]) {
    const { table, report } = await readVotes(file(text), ALL);
    expect(toRows(table).map(({ time, voter }) => [time, voter])).toEqual([
      [1_748_700_000.123, ""],
      [1_748_700_000, 'says NaN, "NaN"'],
    ]);
    expect(JSON.stringify(report)).toContain("no moment in seconds or milliseconds");
  }
});

test("our own lines come back as they were written", async () => {
  const vote: PublicVote = {
    ...{ modelA: "x", modelB: "y", outcome: "tie", createdAt: 86_400, language: "de", turn: 2 },
    ...{ pairProbability: 0.25, categories: ["multi-turn"] },
    style: {
      a: { tokens: 7, headers: 1, lists: 2, bold: 3 },
      b: { tokens: null, headers: 4, lists: 5, bold: 6 },
    },
  };
  const other: PublicVote = { ...vote, modelB: "z", language: null, style: null, categories: [] };
  const path = file([vote, other, vote].map(toVoteLine).join(""));
  const { table } = await readVotes(path, ALL);
  const [first, second, third] = toRows(table);
  expect(first).toEqual(third);
  expect(first).toMatchObject({
    language: "de",
    time: 86_400,
    categories: ["overall", "multi-turn"],
  });
  expect(first?.style).toEqual([
    [7, 1, 2, 3],
    [Number.NaN, 4, 5, 6],
  ]);
  expect(second?.style.flat().every(Number.isNaN)).toBe(true);
  expect(second).toMatchObject({ b: "z", language: "" });
});

test("damage in any place is found, as JSON.parse and the rules would find it", async () => {
  const random = seededRandom(77);
  const good = JSON.stringify(randomVotes(1, 5)[0]);
  const alphabet = '{}[]",:0159.-eE+\\ truefalsn\t\u00e9x';
  const damaged: string[] = [good];
  for (let index = 0; index < 3_000; index++) {
    const at = Math.floor(random() * good.length);
    const drawn = alphabet[Math.floor(random() * alphabet.length)]!;
    const cut = Math.floor(random() * 3);
    damaged.push(
      good.slice(0, at) + (cut === 2 ? "" : drawn) + good.slice(at + (cut === 0 ? 0 : 1)),
    );
  }
  // By shape, since the first line teaches it, and by objects, since an escape keeps it from being one.
  const byShape = await readVotes(file(damaged.join("\n")), ALL);
  const whole = damaged.map((line) => line.replace(/^\{/, '{"esc\\u0061pe":1,'));
  const byObject = await readVotes(file(whole.join("\n")), ALL);
  expect(byShape.report.badCount).toBeGreaterThan(1_000);
  expect(byShape.report.votes).toBeGreaterThan(500);
  const lineOf = ({ line }: { line: number }) => line;
  expect(byShape.report.bad.map(lineOf)).toEqual(byObject.report.bad.map(lineOf));
  expect(byShape.report.badCount).toBe(byObject.report.badCount);
  expect(toRows(byShape.table)).toEqual(toRows(byObject.table));
});

describe("rows that are no votes", () => {
  const good = '{"model_a":"x","model_b":"y","winner":"tie"}';
  test("of a list that is cut off, and of one with other things in it", async () => {
    const cut = await readVotes(file(`[${good},\n${good},\n{"model_a":"x","mod`));
    expect(cut.report.bad).toEqual([
      { line: 3, row: 3, reason: "is cut off by the end of the file" },
    ]);
    expect(cut.table.votes.count).toBe(2);
    const mixed = await readVotes(file(`[${good},\n  7, "x", {"a": ,},\n${good}]\n]`));
    expect(mixed.report.bad.map(({ line, row }) => [line, row])).toEqual([
      [2, 2],
      [2, 3],
      [2, 4],
      [4, 5],
    ]);
    expect((await readVotes(file(`[${good}`))).report.badCount).toBe(1);
  });

  test.each(["what is this", "[1, 2]", "[]", '"model_a"', "a,b,c"])(
    "are one of many also where %s is the first",
    async (first) => {
      const { table, report } = await readVotes(file(`${first}\n${good}\n\n${good}\n`));
      expect(report.format).toBe("json-lines");
      expect(report.bad.map(({ line }) => line)).toEqual([1]);
      expect(table.votes.count).toBe(2);
    },
  );

  test("of a table, by the line on which they begin", async () => {
    const path = file(
      'judge,model_a,model_b,winner\n,x,y,tie\n"x\ny",z,y,model_a\nx,y\n,x,"y"z,tie\n\n,x,y,model_b\n',
    );
    const { table, report } = await readVotes(path);
    expect(toRows(table).map(({ a }) => a)).toEqual(["x", "z", "x"]);
    expect(report.bad.map(({ line, reason }) => `${line} ${reason}`)).toEqual([
      "5 has 2 cells where the header has 4",
      "6 has a quote that does not end, or text behind one",
    ]);
  });

  test("is as none behind rows of its kind as before them", async () => {
    const line = (turn: string, probability: string, name = "x") =>
      `{"model_a":"${name}","model_b":"y","winner":"tie","turn":${turn},"pair_probability":${probability}}`;
    const good = line("1", "0.5");
    for (const bad of [
      ...[line("70000", "0.5"), line("1e400", "0.5"), line("-1", "0.5"), line("[]", "0.5")],
      ...[line("1", "5"), line("1", "0"), line("1", "1e-400"), line("1", "-0.5")],
      ...[line("1", "0.5", "a\u007fb"), line("1", "0.5", "a\u0085b")],
    ]) {
      for (const rows of [
        [bad, good, good],
        [good, good, bad],
      ]) {
        const { table, report } = await readVotes(file(rows.join("\n")));
        expect([table.votes.count, report.badCount], rows.join()).toEqual([2, 1]);
        expect(table.votes.models).toEqual(["x", "y"]);
      }
    }
    for (const fine of [line("1e0", "1"), line("null", "null"), line("65535", "1e-9", "é\u00a0")]) {
      expect((await readVotes(file([good, good, fine].join("\n")))).table.votes.count).toBe(3);
    }
  });

  test.each([
    ["that opens a cell", 'a,"b,model_a'],
    ["that opens a cell, before others that are in order", '"a,b,model_a', '"x, too",y,tie'],
    ["within a cell without quotes", 'a 15" screen,b,model_a'],
    ["with text behind it", '"a"b,c,model_a'],
  ])("a stray quote %s costs its own row at most", async (_, stray, other = "x,y,tie") => {
    const rows = Array.from({ length: 50 }, () => other);
    const path = file(["model_a,model_b,winner", ...rows, stray, ...rows].join("\n"));
    const { table, report } = await readVotes(path);
    const isText = stray.includes("15");
    expect(table.votes.count).toBe(isText ? 101 : 100);
    expect(report.bad.map(({ line, row }) => [line, row])).toEqual(isText ? [] : [[52, 51]]);
    expect(table.votes.models.includes('a 15" screen')).toBe(isText);
  });

  test.each([
    ["a brace", '{"model_a":"x","model_b":"y","winner":"tie"'],
    ["a quote", '{"model_a":"x,"model_b":"y","winner":"tie"}'],
    ["a bracket", '{"model_a":"x","model_b":"y","winner":"tie","categories":["a"}'],
  ])("an element of a list without %s costs itself alone", async (_, broken) => {
    for (const between of [",", ",\n"]) {
      const list = [...Array.from({ length: 9 }, () => good), broken, good, good, broken, good];
      const { table, report } = await readVotes(file(`[${list.join(between)}]\n`));
      expect(table.votes.count).toBe(12);
      expect(report.bad.map(({ row }) => row)).toEqual([10, 13]);
    }
  });

  test("damaged gzip is told, and nothing of it is taken", async () => {
    const whole = gzipSync(`${good}\n`.repeat(10_000));
    await expect(readVotes(file(whole.subarray(0, whole.length - 20)))).rejects.toThrow("cut off");
  });
});

test("conversations are counted where a file has no counts, and tell categories", async () => {
  const talk = (answer: string) => [
    { role: "user", content: "Write a Python function that adds two numbers." },
    { role: "assistant", content: answer, num_tokens: 9 },
  ];
  const record = {
    ...{ model_a: "x", model_b: "y", winner: "model_a" },
    conversation_a: talk("# Head\n\n- one\n- two **bold**\n```py\n# not a head\n```"),
    conversation_b: [...talk("plain"), ...talk("1. first\n")],
  };
  const { table, report } = await readVotes(file(JSON.stringify([record])), ALL);
  const [row] = toRows(table);
  expect(row?.style).toEqual([
    [9, 1, 2, 1],
    [18, 0, 1, 0],
  ]);
  expect(row?.categories).toContain("coding");
  // Prompts without a count are taken for one token in four bytes.
  expect(row?.length).toBe(18 + 2 * 12);
  expect(report.estimatedCount).toBe(1);
});

test("pipes are read, compressed or not", async () => {
  const lines = `${JSON.stringify({ model_a: "x", model_b: "y", winner: "tie" })}\n`.repeat(50_000);
  for (const content of [Buffer.from(lines), gzipSync(lines)]) {
    const path = join(folder, `${files++}.pipe`);
    execFileSync("mkfifo", [path]);
    const [{ table }] = await Promise.all([readVotes(path), writeFile(path, content)]);
    expect(table.votes.count).toBe(50_000);
  }
});
