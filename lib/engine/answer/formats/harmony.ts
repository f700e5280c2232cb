import type { Structure, Tag } from "../../grammar/grammar";
import type { AnswerReader, Reading } from "../answer-reader";
import { argumentsStructure, triggeredCalls } from "../call-structure";
import type { CallSyntax, WholeOptions } from "../create-format";
import { readNamedCall } from "../read-call";
import type { ReasoningMarks } from "../reasoning";

const START = "<|start|>";
const CHANNEL = "<|channel|>";
const CONSTRAIN = "<|constrain|>";
const MESSAGE = "<|message|>";
const END = "<|end|>";
const CALL = "<|call|>";
const RETURN = "<|return|>";
const RECIPIENT = " to=functions.";
/** A role, a channel, a recipient and a form; no header is longer. */
const HEADER_CHARACTERS_MAX = 256;

/** Between the reasoning and the answer stands a header of its own, and one before each answer. */
export const HARMONY_REASONING: ReasoningMarks = {
  open: `${CHANNEL}analysis${MESSAGE}`,
  close: END,
  gapPattern: "<\\|start\\|>assistant",
  answerOpen: `${CHANNEL}final${MESSAGE}`,
};

/**
 * OpenAI's open models: an answer is messages, each `<|start|>assistant<|channel|>CHANNEL<|message|>TEXT<|end|>`,
 * the first one without its start, which the prompt has. Channel `analysis` is reasoning; a message to
 * `functions.NAME` is a call and its text the arguments; everything else is for the visitor. Where a header
 * is none that we know, it is text.
 */
export const HARMONY: CallSyntax = {
  name: "harmony",
  spelledTokens: [START, CHANNEL, CONSTRAIN, MESSAGE, END, CALL, RETURN],
  *readAnswer() {},
  *readWhole(reader, options) {
    while ((yield* reader.peek()) !== "") yield* readMessage(reader, options);
  },
  toStructure(need) {
    const tags = need.tools.map(
      (tool): Tag => ({
        type: "tag",
        begin: RECIPIENT + tool.name,
        content: { type: "sequence", parts: [FORM, argumentsStructure(tool)] },
        end: "",
      }),
    );
    // A message holds one call, and the model waits for its result.
    const one = { ...need, isParallel: false };
    if (!need.isForced) return triggeredCalls(tags, [RECIPIENT], one);
    const channel: Structure = { type: "text", text: `${CHANNEL}commentary` };
    return { type: "sequence", parts: [channel, { type: "one-of", parts: tags }] };
  },
  severalCalls: "Make one call at a time.",
  writeCall: (name, json) =>
    `${CHANNEL}commentary${RECIPIENT}${name} ${CONSTRAIN}json${MESSAGE}${json}${CALL}`,
};

/** What stands between the recipient and the arguments; the channel may come before or after it. */
const FORM: Structure = {
  type: "regex",
  pattern: "(?:<\\|channel\\|>commentary)? (?:<\\|constrain\\|>)?json<\\|message\\|>",
};

function* readMessage(
  reader: AnswerReader,
  { isOffering, splitsReasoning }: WholeOptions,
): Reading<void> {
  reader.hold();
  const header = yield* readHeader(reader);
  const channel = /<\|channel\|>(\w+)/.exec(header ?? "")?.[1];
  const recipient = / to=(\S+?)(?:$|[\s<])/.exec(header ?? "")?.[1];
  const name = recipient?.replace(/^functions\./, "") ?? "";
  if (isOffering && recipient?.startsWith("functions.") && reader.findTool(name)) {
    yield* reader.skipSpace();
    if (yield* readNamedCall(reader, name)) {
      reader.hold();
      yield* reader.skipSpace();
      if (!(yield* acceptEnd(reader)) && (yield* reader.peek()) !== "") reader.giveUp();
      else reader.drop();
      return;
    }
  }
  const isReasoning = channel === "analysis" && recipient === undefined;
  const isPlain = header !== undefined && recipient === undefined && !isReasoning;
  if (isPlain || (isReasoning && splitsReasoning)) reader.drop();
  const isTold = isReasoning && splitsReasoning;
  const tell = (text: string) => (isTold ? reader.tellReasoning(text) : reader.tellText(text));
  reader.giveUp();
  const marks = [END, CALL, RETURN, START, CHANNEL];
  const mark = yield* reader.until(marks, tell);
  if (mark === undefined || mark === START || mark === CHANNEL) return;
  const taken = reader.take(mark.length);
  if (!isPlain && !isTold) tell(taken);
}

/** What stands before a message's text; undefined when the answer goes on without a header. */
function* readHeader(reader: AnswerReader): Reading<string | undefined> {
  let header = "";
  for (const mark of [START, CHANNEL, RECIPIENT]) {
    if (yield* reader.isNext(mark)) {
      while (header.length < HEADER_CHARACTERS_MAX && (yield* reader.peek()) !== "") {
        if (yield* reader.accept(MESSAGE)) return header;
        header += reader.take(1);
      }
      return undefined;
    }
  }
  return undefined;
}

function* acceptEnd(reader: AnswerReader): Reading<boolean> {
  for (const mark of [CALL, END, RETURN]) if (yield* reader.accept(mark)) return true;
  return false;
}
