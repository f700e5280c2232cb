import { afterAll, afterEach, describe, expect, test } from "vitest";
import { type AppError, isAppError } from "@/lib/errors";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { textMessage } from "@/lib/protocol/message";
import { REQUEST_FIELDS, type RequestField } from "@/lib/protocol/request-fields";
import type { ModelOffer } from "@/lib/protocol/worker-card";
import type { Fault } from "@/lib/stand-ins/stand-in-server";
import type { ContractSubject } from "./backend-contract";

/**
 * What every backend before another server promises where that server fails, is left, or is asked for what it
 * cannot do. A backend's own test calls `backendFaults` with a stand-in for its server.
 */

export type FaultSubject = ContractSubject & {
  /** From now on; undefined: none. */
  setFault(fault: Fault | undefined): void;
  /** Requests for answers that the server has seen. */
  askedCount(): number;
  /** Of the last of them: whether its client closed before the answer was out. */
  closedEarly(): Promise<boolean>;
  /** What no error may tell: keys, addresses. */
  hidden: readonly string[];
};

export type FaultSuite = {
  /**
   * A fresh backend before a stand-in of its own, which takes `tokenMs` for a token and gives up on a server
   * that is silent for `silenceMs`.
   */
  start(pace: { tokenMs: number; silenceMs: number }): Promise<FaultSubject>;
};

const never = new AbortController().signal;
/** Long enough for a busy machine to answer in, short enough to be waited for. */
const SILENCE_MS = 1_000;
const RETRY_AFTER_SECONDS = 7;
const PATIENT = { tokenMs: 0, silenceMs: 30_000 };

/** A request for each field; what the table of a backend does not have is refused by its name. */
const WISHES: Record<RequestField, Partial<GenerateRequest>> = {
  "sampling.temperature": { sampling: { temperature: 0.5 } },
  "sampling.topP": { sampling: { topP: 0.9 } },
  "sampling.topK": { sampling: { topK: 5 } },
  "sampling.minP": { sampling: { minP: 0.1 } },
  "sampling.presencePenalty": { sampling: { presencePenalty: 0.5 } },
  "sampling.frequencyPenalty": { sampling: { frequencyPenalty: 0.5 } },
  "sampling.repetitionPenalty": { sampling: { repetitionPenalty: 1.1 } },
  "sampling.logitBias": { sampling: { logitBias: { "7": 1 } } },
  "sampling.seed": { sampling: { seed: 7 } },
  stop: { stop: ["\u0000"] },
  stopTokenIds: { stopTokenIds: [7] },
  ignoreEos: { ignoreEos: true, maxTokens: 8 },
  minTokens: { minTokens: 2 },
  maxTokens: { maxTokens: 4 },
  logProbabilityCount: { logProbabilityCount: 2 },
  reportPrompt: { reportPrompt: true, messages: [], prompt: "Once upon" },
  reportTokenIds: { reportTokenIds: true },
  resume: { resume: { tokenIds: [7] } },
  prompt: { messages: [], prompt: "Once upon" },
  "prompt.ids": { messages: [], prompt: [1, 2, 3] },
  "grammar.json-object": { grammar: { type: "json-object" } },
  "grammar.json-schema": { grammar: { type: "json-schema", schema: { type: "integer" } } },
  "grammar.regex": { grammar: { type: "regex", pattern: "[0-9]" } },
  "grammar.choice": { grammar: { type: "choice", choices: ["yes", "no"] } },
  toolRequest: { toolRequest: toToolRequest({}) },
  "toolRequest.choice": { toolRequest: toToolRequest({ choice: "required" }) },
  "toolRequest.isParallel": { toolRequest: toToolRequest({ isParallel: false }) },
  reasoningEffort: { reasoningEffort: "low", splitReasoning: true },
  images: {
    messages: [
      {
        role: "user",
        content: [
          { type: "text", text: "What is this?" },
          { type: "image", mediaType: "image/png", data: "iVBORw0KGgo=" },
        ],
      },
    ],
  },
};

function toToolRequest(
  more: Partial<NonNullable<GenerateRequest["toolRequest"]>>,
): NonNullable<GenerateRequest["toolRequest"]> {
  const parameters = { type: "object", properties: { city: { type: "string" } } };
  const tools = [{ name: "get_weather", description: "The weather of a city.", parameters }];
  return { tools, choice: "auto", isParallel: true, ...more };
}

type Outcome = { events: GenerateEvent[]; error: AppError | undefined };

/** Runs the suite against what `start` makes. */
export function backendFaults(name: string, { start }: FaultSuite): void {
  describe(`backend faults: ${name}`, () => {
    const subjects: FaultSubject[] = [];
    let requests = 0;

    const begin = async (pace = PATIENT): Promise<FaultSubject> => {
      const subject = await start(pace);
      subjects.push(subject);
      return subject;
    };
    const end = async () => {
      for (const subject of subjects.splice(0)) {
        await subject.backend.close();
        await subject.close?.();
      }
    };
    afterEach(end);
    afterAll(end);

    const ask = (subject: FaultSubject, changes: Partial<GenerateRequest> = {}) => ({
      ...{ requestId: `fault-${++requests}`, model: subject.model, stop: [], sampling: {} },
      messages: [textMessage("user", subject.prompt ?? "Tell me of the river.")],
      ...changes,
    });
    const run = async (
      subject: FaultSubject,
      changes: Partial<GenerateRequest> = {},
    ): Promise<Outcome> => {
      const events: GenerateEvent[] = [];
      try {
        for await (const event of subject.backend.generate(ask(subject, changes), never)) {
          events.push(event);
        }
      } catch (error) {
        if (!isAppError(error)) throw error;
        expectHidden(error, subject.hidden);
        return { events, error };
      }
      const last = events.at(-1);
      if (last?.type !== "generation-end") throw new Error(`ended with ${last?.type}`);
      return { events, error: undefined };
    };

    const FAULTS: [fault: Fault, codes: string[]][] = [
      [{ kind: "refused-key" }, ["unavailable"]],
      [{ kind: "server-error" }, ["upstream-invalid"]],
      [{ kind: "unavailable", retryAfterSeconds: RETRY_AFTER_SECONDS }, ["overloaded"]],
      [
        { kind: "rate-limited", retryAfterSeconds: RETRY_AFTER_SECONDS },
        ["rate-limited", "overloaded"],
      ],
      [{ kind: "rate-limited" }, ["rate-limited", "overloaded"]],
      [{ kind: "cut-stream" }, ["worker-lost"]],
      [{ kind: "garbage-line" }, ["upstream-invalid"]],
      [{ kind: "wrong-content-type" }, ["upstream-invalid"]],
    ];
    test.each(FAULTS)("%o is told as it is, with its cause", async (fault, codes) => {
      const subject = await begin();
      subject.setFault(fault);
      const { events, error } = await run(subject);
      expect(codes).toContain(error?.code);
      expect(error?.retryable).toBe(true);
      expect(events.map(({ type }) => type)).not.toContain("generation-end");
      if (fault.retryAfterSeconds !== undefined) {
        expect(error?.retryAfterSeconds).toBe(fault.retryAfterSeconds);
      }
    });

    test("after a refusal for being asked too often the server is left alone", async () => {
      const subject = await begin();
      subject.setFault({ kind: "rate-limited", retryAfterSeconds: RETRY_AFTER_SECONDS });
      await run(subject);
      const asked = subject.askedCount();
      subject.setFault(undefined);
      const { error } = await run(subject);
      expect(["rate-limited", "overloaded"]).toContain(error?.code);
      expect(error?.retryAfterSeconds).toBeGreaterThan(0);
      expect(error?.retryAfterSeconds).toBeLessThanOrEqual(RETRY_AFTER_SECONDS);
      expect(subject.askedCount()).toBe(asked);
    });

    test("a first token that comes late is waited for", async () => {
      const subject = await begin({ ...PATIENT, silenceMs: SILENCE_MS });
      subject.setFault({ kind: "slow-first-token", delayMs: 50 });
      const { events, error } = await run(subject);
      expect(error).toBeUndefined();
      const last = events.at(-1);
      if (last?.type !== "generation-end") throw new Error("no end");
      expect(last.timing.firstTokenMs).toBeGreaterThanOrEqual(45);
    });

    test("a server that is silent is given up, and let go", async () => {
      const subject = await begin({ ...PATIENT, silenceMs: SILENCE_MS });
      subject.setFault({ kind: "silence" });
      const { error } = await run(subject);
      expect(error?.code).toBe("timeout");
      expect(await subject.closedEarly()).toBe(true);
    });

    test("an abort reaches the server, and no error comes of it", async () => {
      const subject = await begin({ ...PATIENT, tokenMs: 20 });
      const abort = new AbortController();
      const seen: string[] = [];
      for await (const event of subject.backend.generate(ask(subject), abort.signal)) {
        seen.push(event.type);
        if (event.type === "text-delta") abort.abort();
      }
      expect(seen).not.toContain("generation-end");
      expect(await subject.closedEarly()).toBe(true);
    });

    test("leaving the events reaches the server", async () => {
      const subject = await begin({ ...PATIENT, tokenMs: 20 });
      for await (const event of subject.backend.generate(ask(subject), never)) {
        if (event.type === "text-delta") break;
      }
      expect(await subject.closedEarly()).toBe(true);
    });

    test("an answer to its end leaves nothing open", async () => {
      const subject = await begin();
      expect((await run(subject)).error).toBeUndefined();
      expect(await subject.closedEarly()).toBe(false);
    });

    test("what the model honours is taken; what it does not is refused by its name, before the server is asked", async () => {
      const subject = await begin();
      const { fields } = offerOf(subject);
      expect(fields?.length).toBeGreaterThan(0);
      for (const field of REQUEST_FIELDS) {
        const asked = subject.askedCount();
        const { error } = await run(subject, WISHES[field]);
        if (fields?.includes(field)) {
          expect(error, field).toBeUndefined();
          expect(subject.askedCount()).toBe(asked + 1);
          continue;
        }
        // What a reply is cut by here needs nothing of the server.
        if (field === "stop" && error === undefined) continue;
        expect(error, field).toMatchObject({ code: "unsupported-parameter" });
        expect(error?.param, field).toBeTruthy();
        expect(subject.askedCount(), field).toBe(asked);
      }
    });

    test("a call that is asked for comes with its name and its arguments, where tools are offered", async () => {
      const subject = await begin();
      if (!offerOf(subject).fields?.includes("toolRequest")) return;
      const messages = [textMessage("user", "Use get_weather for a city.")];
      const { events } = await run(subject, { messages, toolRequest: toToolRequest({}) });
      const begun = events.find(({ type }) => type === "tool-call-start");
      expect(begun).toMatchObject({ index: 0, name: "get_weather" });
      const text = events.map((it) => (it.type === "tool-call-delta" ? it.text : "")).join("");
      expect(Object.keys(JSON.parse(text))).toEqual(["city"]);
      expect(events.at(-1)).toMatchObject({ finishReason: "tool-calls" });
    });

    test("counts stay within what was asked for", async () => {
      const subject = await begin();
      const { events } = await run(subject, { maxTokens: 5 });
      const told = events.map((it) =>
        "tokens" in it && it.type !== "prompt-tokens" ? it.tokens : 0,
      );
      const last = events.at(-1);
      if (last?.type !== "generation-end") throw new Error("no end");
      expect(told.reduce((sum, it) => sum + it, 0)).toBeLessThanOrEqual(5);
      expect(last.usage.completionTokens).toBeLessThanOrEqual(5);
      expect(last.usage.promptTokens).toBeGreaterThan(0);
    });
  });
}

function offerOf({ backend, model }: FaultSubject): ModelOffer {
  const offer = backend.card().models.find((it) => it.name === model);
  if (!offer) throw new Error(`the card does not name ${model}`);
  return offer;
}

/** Neither the sentence nor any of its causes. */
function expectHidden(error: Error, hidden: readonly string[]): void {
  for (let it: unknown = error; it instanceof Error; it = it.cause) {
    for (const word of hidden) expect(it.message).not.toContain(word);
  }
}
