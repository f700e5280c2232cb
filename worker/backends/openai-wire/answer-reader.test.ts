import { describe, expect, test } from "vitest";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { textMessage } from "@/lib/protocol/message";
import { AnswerReader } from "./answer-reader";
import { chunkSchema } from "./wire";

function ask(changes: Partial<GenerateRequest> = {}): GenerateRequest {
  const messages = [textMessage("user", "Tell me.")];
  return { requestId: "r", model: "m", messages, sampling: {}, stop: [], ...changes };
}

function read(chunks: readonly object[], changes: Partial<GenerateRequest> = {}) {
  const reader = new AnswerReader({ request: ask(changes), contextLength: 1_000 });
  const events: GenerateEvent[] = [];
  for (const chunk of chunks) {
    events.push(...reader.take(chunkSchema.parse(chunk)));
    if (reader.isCut) break;
  }
  events.push(...reader.finish());
  return { events, end: reader.toEnding(), reader };
}

const delta = (it: object, more: object = {}) => ({ choices: [{ index: 0, delta: it, ...more }] });
const said = (text: string) => delta({ content: text });
const over = (reason: string, more: object = {}) => delta({}, { finish_reason: reason, ...more });
const textOf = (events: readonly GenerateEvent[]) =>
  events.map((it) => (it.type === "text-delta" ? it.text : "")).join("");
const reasoningOf = (events: readonly GenerateEvent[]) =>
  events.map((it) => (it.type === "reasoning-delta" ? it.text : "")).join("");

describe("text and reasoning", () => {
  const thoughts = [delta({ reasoning_content: "hm" }), delta({ reasoning: " so" }), said("yes")];

  test("reasoning is told apart where that is wanted, under either name", () => {
    const { events } = read([...thoughts, over("stop")], { splitReasoning: true });
    expect(reasoningOf(events)).toBe("hm so");
    expect(textOf(events)).toBe("yes");
  });

  test("and else is a part of the text, between marks", () => {
    expect(textOf(read([...thoughts, over("stop")]).events)).toBe("<think>hm so</think>yes");
    const unfinished = read([delta({ reasoning: "hm" }), over("length")]);
    expect(textOf(unfinished.events)).toBe("<think>hm</think>");
  });

  test("marks in the text are found wherever it is cut", () => {
    const text = "\n<think>\na < b</th no\n</think>\n\nyes <think> no";
    for (let first = 0; first < text.length; first++) {
      const chunks = [said(text.slice(0, first)), said(text.slice(first)), over("stop")];
      const { events } = read(chunks, { splitReasoning: true });
      expect(reasoningOf(events)).toBe("a < b</th no\n");
      expect(textOf(events)).toBe("yes <think> no");
      expect(textOf(read(chunks).events)).toBe(text);
    }
  });

  test("a text that only begins like a mark is all text", () => {
    for (const text of ["<", "<thin", "  <thinking", "a <think>"]) {
      const { events } = read([said(text), over("stop")], { splitReasoning: true });
      expect(textOf(events)).toBe(text);
    }
  });

  test("a refusal is what the model says", () => {
    expect(textOf(read([delta({ refusal: "I will not." }), over("stop")]).events)).toBe(
      "I will not.",
    );
  });
});

describe("ends", () => {
  test("a stop string is found here, however it is cut, and told", () => {
    const { events, end, reader } = read([said("one tw"), said("o three")], { stop: ["two"] });
    expect(textOf(events)).toBe("one ");
    expect(end).toMatchObject({ finishReason: "stop", stopString: "two" });
    expect(reader.isCut).toBe(true);
  });

  test("a stop string that the server tells of is told, and no other is", () => {
    for (const field of ["stop_reason", "matched_stop"]) {
      const { end, events } = read([said("one tw"), over("stop", { [field]: "x" })], {
        stop: ["x", "two"],
      });
      expect(end.stopString).toBe("x");
      expect(textOf(events)).toBe("one tw");
      expect(read([over("stop", { [field]: 7 })], { stop: ["x"] }).end.stopString).toBeUndefined();
    }
  });

  test.each([
    ["stop", "stop"],
    ["length", "length"],
    ["tool_calls", "stop"],
    ["eos_token", "stop"],
  ])("%s is %s", (reason, ours) => {
    expect(read([said("a"), over(reason)]).end.finishReason).toBe(ours);
  });

  test("what a filter withheld, or a server gave up, is an error", () => {
    expect(() => read([said("a"), over("content_filter")])).toThrow("content filter");
    expect(() => read([said("a"), over("abort")])).toThrow("gave up");
  });
});

describe("calls", () => {
  const call = (it: object) => delta({ tool_calls: [it] });
  const callsOf = (chunks: readonly object[]) => {
    const { events, end } = read([...chunks, over("stop")]);
    const calls: { id: string; name: string; text: string }[] = [];
    for (const event of events) {
      if (event.type === "tool-call-start") {
        calls[event.index] = { id: event.id, name: event.name, text: "" };
      }
      const open = event.type === "tool-call-delta" ? calls[event.index] : undefined;
      if (open && event.type === "tool-call-delta") open.text += event.text;
    }
    return { calls, end };
  };

  test("as OpenAI sends them, one after the other and mixed", () => {
    const { calls, end } = callsOf([
      call({ index: 0, id: "a", function: { name: "f", arguments: "" } }),
      call({ index: 1, id: "b", function: { name: "g", arguments: "{" } }),
      call({ index: 0, function: { arguments: "{}" } }),
      call({ index: 1, function: { arguments: "}" } }),
    ]);
    expect(calls).toEqual([
      { id: "a", name: "f", text: "{}" },
      { id: "b", name: "g", text: "{}" },
    ]);
    expect(end.finishReason).toBe("tool-calls");
  });

  test("whole calls that share an index are told apart by their ids", () => {
    const { calls } = callsOf([
      call({ index: 0, id: "a", function: { name: "f", arguments: '{"x":1}' } }),
      call({ index: 0, id: "b", function: { name: "f", arguments: { x: 2 } } }),
    ]);
    expect(calls.map(({ text }) => text)).toEqual(['{"x":1}', '{"x":2}']);
  });

  test("a call without an index or an id gets its own", () => {
    const { calls } = callsOf([
      call({ function: { name: "f", arguments: "{" } }),
      call({ function: { arguments: "}" } }),
      call({ function: { name: "g", arguments: "{}" } }),
    ]);
    expect(calls.map(({ name, text }) => [name, text])).toEqual([
      ["f", "{}"],
      ["g", "{}"],
    ]);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
  });

  test("a name and id that are repeated with every delta are one call", () => {
    const { calls } = callsOf([
      call({ index: 0, id: "a", function: { name: "f", arguments: "{" } }),
      call({ index: 0, id: "a", function: { name: "f", arguments: "}" } }),
    ]);
    expect(calls).toEqual([{ id: "a", name: "f", text: "{}" }]);
  });
});

describe("counts", () => {
  const usage = (completion: number) => ({
    usage: {
      prompt_tokens: 9,
      completion_tokens: completion,
      prompt_tokens_details: { cached_tokens: 4 },
    },
  });
  const tokensOf = (events: readonly GenerateEvent[]) =>
    events.flatMap((it) => (it.type === "text-delta" ? it.tokens : []));

  test("what every chunk tells is believed", () => {
    const chunks = [
      { ...said("a b"), ...usage(2) },
      { ...said(" c"), ...usage(3) },
      { choices: [], ...usage(4) },
    ];
    const { events, end } = read(chunks);
    expect(tokensOf(events)).toEqual([2, 1]);
    expect(end.usage).toEqual({ promptTokens: 9, completionTokens: 4, cachedPromptTokens: 4 });
  });

  test("else a piece of text is a token, until the end tells the sum", () => {
    const { events, end } = read([said("a"), said("b"), { choices: [], ...usage(5) }]);
    expect(tokensOf(events)).toEqual([1, 1]);
    expect(end.usage.completionTokens).toBe(5);
  });

  test("never more than the answer may have, nor fewer than were told", () => {
    const { events, end } = read([said("a"), said("b"), said("c"), { choices: [], ...usage(1) }], {
      maxTokens: 2,
    });
    expect(tokensOf(events)).toEqual([1, 1, 0]);
    expect(end.usage.completionTokens).toBe(2);
  });

  test("a server that tells nothing is counted by characters", () => {
    const { end } = read([said("a".repeat(40)), over("stop")]);
    expect(end.usage).toEqual({ promptTokens: 2, completionTokens: 10 });
  });

  test("a limit of 0 tells of the prompt alone", () => {
    const { events, end } = read([said("a"), over("length"), { choices: [], ...usage(1) }], {
      maxTokens: 0,
    });
    expect(events).toEqual([]);
    expect(end).toMatchObject({ finishReason: "length", usage: { completionTokens: 0 } });
  });
});

describe("log-probabilities", () => {
  const scoresOf = (events: readonly GenerateEvent[]) =>
    events.filter((it) => it.type === "token-log-probability");

  test("of chats, with bytes and ids where they are told", () => {
    const content = [
      {
        ...{ token: "token_id:7", logprob: -0.5, bytes: [226, 130] },
        top_logprobs: [
          { token: "token_id:9", logprob: -3, bytes: [98] },
          { token: "token_id:7", logprob: -0.5, bytes: [226, 130] },
        ],
      },
      { token: "ä", logprob: null, top_logprobs: [] },
    ];
    const { events } = read([delta({ content: "€ä" }, { logprobs: { content } }), over("stop")], {
      logProbabilityCount: 2,
    });
    const [first, second] = scoresOf(events);
    expect(first).toMatchObject({ id: 7, bytes: [226, 130], logProbability: -0.5 });
    expect(first?.alternatives.map(({ id }) => id)).toEqual([7, 9]);
    expect(second).toMatchObject({ id: -1, bytes: [195, 164], logProbability: -9_999 });
    expect(events.findIndex(({ type }) => type === "text-delta")).toBe(2);
  });

  test("of prompts with an echo: the prompt's first, then the answer's", () => {
    const logprobs = {
      tokens: ["Once", " upon", " a", "bytes:\\xe2\\x82"],
      token_logprobs: [null, -1, -2, -3],
      top_logprobs: [
        null,
        { " upon": -1, " at": -2 },
        { " a": -2 },
        { x: -4, "bytes:\\xe2\\x82": -3 },
      ],
    };
    const chunk = {
      choices: [{ text: "Once upon a€", logprobs, finish_reason: "stop" }],
      usage: { prompt_tokens: 2, completion_tokens: 2 },
    };
    const { events, end } = read([chunk], {
      ...{ messages: [], prompt: "Once upon", reportPrompt: true, logProbabilityCount: 2 },
    });
    const prompt = events.flatMap((it) => (it.type === "prompt-tokens" ? it.tokens : []));
    expect(prompt.map(({ logProbability }) => logProbability)).toEqual([undefined, -1]);
    expect(scoresOf(events).map(({ logProbability }) => logProbability)).toEqual([-2, -3]);
    expect(scoresOf(events)[1]?.bytes).toEqual([0xe2, 0x82]);
    expect(textOf(events)).toBe(" a€");
    expect(end.usage).toMatchObject({ promptTokens: 2, completionTokens: 2 });
  });
});

describe("tokens are named for who may go on with the answer", () => {
  const wish = { reportTokenIds: true };
  /** As vLLM tells it: so many tokens so far, and the ids of those that are new. */
  const named = (it: object, { ids, sum }: { ids: number[]; sum: number }) => ({
    ...delta(it, { token_ids: ids }),
    usage: { prompt_tokens: 9, completion_tokens: sum },
  });
  const idsOf = (events: readonly GenerateEvent[]) =>
    events.flatMap((it) => ("tokenIds" in it ? [it.tokenIds] : []));

  test("by the event that tells the last of their text", () => {
    const { events } = read(
      [
        named({ role: "assistant", content: "" }, { ids: [], sum: 0 }),
        named({ content: "So" }, { ids: [1], sum: 1 }),
        // Half of a character.
        named({ content: "" }, { ids: [2], sum: 2 }),
        named({ content: "é well" }, { ids: [3, 4], sum: 4 }),
        over("stop"),
      ],
      wish,
    );
    expect(events).toEqual([
      { type: "text-delta", text: "So", tokens: 1, tokenIds: [1] },
      { type: "text-delta", text: "é well", tokens: 3, tokenIds: [2, 3, 4] },
    ]);
  });

  test("and not while a beginning of a stop string is withheld", () => {
    const chunks = [
      named({ content: "one" }, { ids: [1], sum: 1 }),
      named({ content: " two\n" }, { ids: [2], sum: 2 }),
      named({ content: "three" }, { ids: [3], sum: 3 }),
      named({ content: "\n\nfour" }, { ids: [4], sum: 4 }),
    ];
    const { events, end } = read(chunks, { ...wish, stop: ["\n\n"] });
    expect(events).toEqual([
      { type: "text-delta", text: "one", tokens: 1, tokenIds: [1] },
      { type: "text-delta", text: " two", tokens: 0 },
      { type: "text-delta", text: "\nthree", tokens: 2, tokenIds: [2, 3] },
    ]);
    expect(end).toMatchObject({ stopString: "\n\n", usage: { completionTokens: 4 } });
  });

  test("those of the reasoning with it, and the marks around it with what follows", () => {
    const chunks = [
      named({ reasoning_content: "hm" }, { ids: [1], sum: 1 }),
      named({}, { ids: [2], sum: 2 }),
      named({ content: "yes" }, { ids: [3], sum: 3 }),
    ];
    const apart = read([...chunks, over("stop")], { ...wish, splitReasoning: true });
    expect(idsOf(apart.events)).toEqual([[1], [2, 3]]);
    // In one text nobody else knows whether it is within the marks.
    expect(idsOf(read([...chunks, over("stop")], wish).events)).toEqual([]);
  });

  test.each([
    ["one was left out", { ids: [3], sum: 3 }],
    ["none is named", { ids: [], sum: 2 }],
    ["there are more than are counted", { ids: [2, 3], sum: 2 }],
  ])("and none from where %s", (_, second) => {
    const chunks = [
      named({ content: "one" }, { ids: [1], sum: 1 }),
      named({ content: " two" }, second),
      named({ content: " three" }, { ids: [9], sum: second.sum + 1 }),
      over("stop"),
    ];
    const { events } = read(chunks, wish);
    expect(idsOf(events)).toEqual([[1]]);
    expect(textOf(events)).toBe("one two three");
  });

  test("nor of an answer with which nobody could go on", () => {
    const chunks = [named({ content: "one" }, { ids: [1], sum: 1 }), over("stop")];
    expect(idsOf(read(chunks, { ...wish, sampling: { seed: 1 } }).events)).toEqual([]);
    expect(idsOf(read(chunks).events)).toEqual([]);
  });
});
