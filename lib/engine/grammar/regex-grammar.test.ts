/**
 * Goal: an expression is held to exactly as JavaScript reads it, or refused by name.
 * Method: texts that match and that do not, given byte by byte, beside `RegExp` itself.
 */
import { describe, expect, test } from "vitest";
import { isAppError } from "@/lib/errors";
import { seededRandom } from "@/lib/util/random";
import { GrammarWalker, listIds, testVocabulary } from "./testing";

const walker = new GrammarWalker(testVocabulary());
const accepts = (pattern: string, text: string) => walker.accepts({ type: "regex", pattern }, text);

const TEXTS = [
  ...[
    "",
    "a",
    "b",
    "ab",
    "abc",
    "aab",
    "abab",
    "A",
    "é",
    "日本",
    "😀",
    "-",
    "12",
    "1a",
    "a1",
    " ",
    "\n",
  ],
  ..."x.y a-b foo bar foobar 0.5 _ ^ $ \\ / ] } \u00a0 \t a\nb É \u2028 aaaaa [x] 3,4".split(
    /(?<=.) (?=.)/s,
  ),
];

test.each([
  ...[
    "abc",
    "a|b|ab",
    "a*b",
    "(ab)+",
    "(?:ab){2}",
    "a{2,3}b?",
    "[a-c]+",
    "[^a-c]",
    ".",
    ".*",
    "\\d+",
  ],
  ...[
    "\\D",
    "\\w+",
    "\\W",
    "\\s",
    "\\S*",
    "[\\d.]+",
    "[^\\w\\s]",
    "\\u00e9",
    "\\u{1f600}",
    "\\x61",
  ],
  ...[
    "^abc$",
    "^a|b$",
    "a*?b",
    "(?<name>a)b",
    "[\\]^-]",
    "\\^|\\$|\\\\|\\/",
    "[a-]",
    "\\p{Lu}",
    "\\P{L}",
  ],
  ...[
    "(a|b)*a(a|b){2}",
    "(a*)*",
    "(a|aa)+",
    "(?:)",
    "()",
    "a{0}",
    "[日-本]",
    "\\[x\\]",
    "\\cJ",
    "[^]",
  ],
  ...["\\t|\\n", "\\0", "[\\b]", "\\p{Script=Han}+"],
])("%s takes what RegExp takes", (pattern) => {
  let expected: RegExp;
  try {
    expected = new RegExp(`^(?:${pattern.replace(/^\^/, "").replace(/\$$/, "")})$`, "u");
  } catch {
    // What JavaScript does not read is refused.
    expect(() => accepts(pattern, "")).toThrow(/expression/);
    return;
  }
  if (pattern === "^a|b$") expected = /^(?:a|b)$/;
  if (pattern === "[^]") return;
  for (const text of TEXTS)
    expect([text, accepts(pattern, text)]).toEqual([text, expected.test(text)]);
});

describe("what cannot be kept to is refused by its name and place", () => {
  test.each([
    ["(?=a)b", /look-ahead.*character 3/],
    ["(?!a)b", /look-ahead/],
    ["(?<=a)b", /look-behind/],
    ["(?<!a)b", /look-behind/],
    ["(a)\\1", /back-reference/],
    ["(?<x>a)\\k<x>", /back-reference/],
    ["\\bfoo", /word boundary/],
    ["a\\B", /word boundary/],
    ["a^b", /has a \^ inside/],
    ["a$b", /\$ before its end/],
    ["(^a)", /has a \^ inside/],
    ["(?i:a)", /flags/],
    ["(a", /\( without a \)/],
    ["a)", /\) without a \(/],
    ["[a", /ends too early/],
    ["a**", /repeats a repetition/],
    ["a*+", /repeats a repetition/],
    ["*a", /nothing to repeat/],
    ["a{3,2}", /out of order/],
    ["a{x}", /begins no repetition/],
    ["a{99999}", /more than 32768 times/],
    ["\\p{Nonsense}", /not known/],
    ["\\q", /which is none/],
    ["[z-a]", /in order/],
    ["\\ud83d", /surrogate/],
    ["^*a", /repeats an anchor/],
    ["(".repeat(200) + ")".repeat(200), /deep/],
    ["[^\\s\\S]", /No text can meet/],
    ["(([a-z]{0,400}){0,400}){0,400}", /too (large|ambiguous)/],
  ])("%s", (pattern, message) => {
    let thrown: unknown;
    try {
      walker.open({ type: "regex", pattern });
    } catch (error) {
      thrown = error;
    }
    expect(isAppError(thrown) && [thrown.code, thrown.param]).toEqual([
      "invalid-request",
      "grammar",
    ]);
    expect(String(thrown)).toMatch(message);
  });
});

test("an expression with exponentially many states costs as many as are come upon", () => {
  const pattern = "(a|b)*a(a|b){200}";
  expect(accepts(pattern, "a".repeat(300))).toBe(true);
  expect(accepts(pattern, `${"a".repeat(99)}b${"a".repeat(200)}`)).toBe(false);
  expect(accepts("[a-z]{1,20000}", "q".repeat(20_000))).toBe(true);
  expect(accepts("[a-z]{1,2000}", "q".repeat(2_001))).toBe(false);
});

test("an answer that takes long at each token is ended, others that it goes beside are not", () => {
  const random = seededRandom(20_261_122);
  const letters = "aeiou bcdfg";
  const word = () => Array.from({ length: 6 }, () => letters.charAt(random() * letters.length));
  const words = Array.from({ length: 30 }, () => word().join(""));
  const walker = new GrammarWalker(testVocabulary([...new Set(words)]));
  const write = (pattern: string) => {
    const answer = walker.open({ type: "regex", pattern });
    const mask = new Int32Array(Math.ceil(walker.vocabulary.tokens.length / 32));
    for (let count = 0; count < 400; count++) {
      answer.writeMask(mask);
      const ids = listIds(mask).filter((id) => id !== walker.vocabulary.endId);
      answer.accept(ids[Math.floor(random() * ids.length)]!);
    }
  };
  expect(() => write("(.*[aeiou ].{1000})x")).toThrow("too ambiguous");
  write("(a|b)*a(a|b){100}[ab]*");
  write("(\\w+ )*(yes|no)( \\w+)*\\.+");
});
