import { expect, test } from "vitest";
import { languageCode, languageName } from "./language-names";
import { type PublicVote, toVoteLine } from "./vote-line";

const side = { tokens: 12, headers: 1, lists: 2, bold: 3 };
const vote: PublicVote = {
  ...{
    modelA: "x",
    modelB: 'y "2"',
    outcome: "both-bad",
    createdAt: new Date("2026-03-05T23:59Z"),
  },
  ...{ language: "de", turn: 2, pairProbability: 0.125, categories: ["multi-turn", "coding"] },
  style: { a: side, b: { ...side, tokens: null } },
};

test("a line has FastChat's names, the day alone, and the same bytes in whatever order things come", () => {
  expect(toVoteLine(vote)).toBe(
    '{"model_a":"x","model_b":"y \\"2\\"","winner":"tie (bothbad)","tstamp":1772668800,"language":"German","anony":true,"turn":2,"pair_probability":0.125,"categories":["coding","multi-turn"],"conv_metadata":{"sum_assistant_a_tokens":12,"header_count_a":1,"list_count_a":2,"bold_count_a":3,"header_count_b":1,"list_count_b":2,"bold_count_b":3}}\n',
  );
  expect(1772668800 % 86_400).toBe(0);
});

test("what nobody knows is left out", () => {
  const line = toVoteLine({
    ...{ ...vote, language: null, pairProbability: null, categories: ["overall"], style: null },
    createdAt: 86_399.5,
  });
  expect(line).toBe(
    '{"model_a":"x","model_b":"y \\"2\\"","winner":"tie (bothbad)","tstamp":0,"language":"unknown","anony":true,"turn":2,"categories":[]}\n',
  );
});

test("languages are read by name and by code", () => {
  for (const word of ["German", "german", "de", "de-AT", "DE_de"])
    expect(languageCode(word)).toBe("de");
  expect(languageCode("Chinese (Traditional)")).toBe("zh");
  expect(languageCode("unknown")).toBeNull();
  expect(languageCode("Klingon")).toBe("klingon");
  for (const code of ["en", "zh", "pt", "fil"]) expect(languageCode(languageName(code))).toBe(code);
});
