/** Goal: a table opens as what it says, whatever models are called. */
import { expect, test } from "vitest";
import { publishedToCsv } from "./board-csv";
import { toCsv } from "./csv";

test("words that look like formulas stay words, numbers stay numbers", () => {
  const cells = ['=HYPERLINK("http://x")', "+1", "-2+3", "@SUM(A1)", "\tx", "plain", -4.5, null];
  expect(
    toCsv(
      ["name"],
      cells.map((cell) => [cell]),
    ),
  ).toBe(
    [
      ...["name", `"'=HYPERLINK(""http://x"")"`, "'+1", "'-2+3", "'@SUM(A1)", "'\tx"],
      ...["plain", "-4.5", "", ""],
    ].join("\r\n"),
  );
  expect(toCsv(["a", "b"], [['say "x"', "two\nlines"]])).toBe(
    'a,b\r\n"say ""x""","two\nlines"\r\n',
  );
});

test("a published board is a row for each model", () => {
  const figures = { rating: 1000.12345, lower: 990, upper: 1010.5 };
  const ranks = { rank: 1, rankBest: 1, rankWorst: 2 };
  const counts = { votes: 5, wins: 3, losses: 1, ties: 1 };
  const row = { model: "x,y", status: "rated", ...figures, ...ranks, ...counts } as const;
  expect(publishedToCsv({ rows: [row] })).toBe(
    'rank,rank_best,rank_worst,model,score,lower,upper,status,votes,wins,losses,ties\r\n1,1,2,"x,y",1000.123,990,1010.5,rated,5,3,1,1\r\n',
  );
});
