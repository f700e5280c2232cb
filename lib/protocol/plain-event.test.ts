/** Goal: an event is read as its schema reads it. Method: seeded events of many faults, read both ways. */
import { expect, test } from "vitest";
import { TOKEN_COUNT_MAX } from "@/lib/fleet-limits";
import { seededRandom } from "@/lib/util/random";
import { generateEventSchema } from "./generate-event";
import { readPlainEvent } from "./plain-event";

const STRANGE = ["null", "0", "-1", "-0", "0.5", "1e999", "2", "3", '"a"', "[]", "{}", "true"];
const COUNTS = [
  "0",
  "1",
  "7",
  String(TOKEN_COUNT_MAX),
  String(TOKEN_COUNT_MAX + 1),
  "9e15",
  "9e18",
];
const MANY: Record<string, readonly string[]> = {
  type: ['"generation-start"', '"text-delta"', '"generation-end"', '"reasoning-delta"', '"?"'],
  ...{ model: ['"m"', '""'], build: ['"b"'], text: ['"Grüße"', '""'], stopString: ['"."'] },
  ...{ promptTokens: COUNTS, completionTokens: COUNTS, cachedPromptTokens: COUNTS },
  ...{ maxTokens: COUNTS, tokens: COUNTS, running: COUNTS, waiting: COUNTS },
  ...{ outstandingTokens: COUNTS, tokensPerSecond: ["1.5", "0"], tokensPerRequestSecond: ["2"] },
  ...{ temperature: ["0", "1", "7"], topP: ["1", "0.5"], seed: ["1", "-5", "9007199254740993"] },
  ...{ topK: ["0", "40"], minP: ["0", "0.99", "1"], repetitionPenalty: ["1", "1.1"] },
  ...{ presencePenalty: ["0", "-2", "2.1"], frequencyPenalty: ["1"], logitBias: ["{}"] },
  ...{ queuedMs: ["0", "-1.5"], firstTokenMs: ["3.25"], durationMs: ["9"] },
  ...{ finishReason: ['"stop"', '"length"', '"tool-calls"', '"else"'], tokenIds: ["[1,2]"] },
};
const optionsOf = (name: string) => (Object.hasOwn(MANY, name) ? MANY[name] : STRANGE) ?? [];
const PARTS: Record<string, readonly (readonly string[])[]> = {
  "generation-start": [["model", "build", "promptTokens", "sampling", "maxTokens"], ["load"]],
  "text-delta": [["text", "tokens"], ["tokenIds"]],
  "generation-end": [
    ["finishReason", "usage", "timing"],
    ["stopString", "load"],
  ],
  sampling: [
    ["temperature", "topP"],
    ["seed", "topK", "minP", "presencePenalty", "frequencyPenalty", "repetitionPenalty"],
    ["logitBias"],
  ],
  load: [
    ["running", "waiting"],
    ["outstandingTokens", "tokensPerSecond", "tokensPerRequestSecond"],
  ],
  usage: [["promptTokens", "completionTokens"], ["cachedPromptTokens"]],
  timing: [["queuedMs", "firstTokenMs", "durationMs"]],
};

test("an event is read as the schema reads it, and nothing that the schema refuses is taken", () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const random = seededRandom(seed);
  const isLikely = (share: number) => random() < share;
  const pick = (from: readonly string[]) => from[Math.floor(random() * from.length)] ?? "";
  const make = (name: string, first: string[] = []): string => {
    const [needed = [], ...others] = PARTS[name] ?? [];
    const names = needed.filter(() => isLikely(0.98));
    for (const more of others) names.push(...more.filter(() => isLikely(0.3)));
    if (isLikely(0.03)) names.push("unheard", "__proto__");
    const fields = names.map((it) => `${JSON.stringify(it)}:${toValue(it)}`);
    return `{${[...first, ...fields].join(",")}}`;
  };
  const toValue = (name: string): string => {
    if (isLikely(0.02)) return pick(STRANGE);
    if (Object.hasOwn(PARTS, name)) return make(name);
    return pick(isLikely(0.9) ? optionsOf(name).slice(0, 4) : optionsOf(name));
  };
  let taken = 0;
  for (let turn = 0; turn < 20_000; turn++) {
    const kind = pick(["generation-start", "text-delta", "generation-end"]);
    const type = isLikely(0.98) ? `"${kind}"` : pick(MANY.type ?? []);
    const text = make(kind, [`"type":${type}`]);
    const plain = readPlainEvent(JSON.parse(text));
    if (plain === undefined) continue;
    taken += 1;
    const parsed = generateEventSchema.safeParse(JSON.parse(text));
    expect(parsed, `seed ${seed}: ${text}`).toEqual({ success: true, data: plain });
  }
  expect(taken).toBeGreaterThan(2_000);
  for (const strange of STRANGE) expect(readPlainEvent(JSON.parse(strange))).toBeUndefined();
});

test("what workers of ours say needs no schema", () => {
  const load = { running: 1, waiting: 0, outstandingTokens: 12, tokensPerSecond: 30.5 };
  const sampling = { temperature: 1, topP: 1, topK: 0, minP: 0, seed: 7 };
  const start = { type: "generation-start", model: "m", build: "b", promptTokens: 3, maxTokens: 9 };
  const usage = { promptTokens: 3, completionTokens: 1, cachedPromptTokens: 0 };
  const timing = { queuedMs: 0, firstTokenMs: 1.5, durationMs: 2 };
  for (const event of [
    { ...start, sampling, load },
    { type: "text-delta", text: "word", tokens: 1 },
    { type: "generation-end", finishReason: "stop", usage, timing, load },
  ]) {
    expect(readPlainEvent(event)).toBe(event);
  }
});
