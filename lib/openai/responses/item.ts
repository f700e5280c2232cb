import type { OpenAiTokenScore } from "../chat/log-probabilities";

/** The items a response is made from and made of, as they stand on the wire and in the database. */

export type ItemStatus = "in_progress" | "completed" | "incomplete";

export type InputTextPart = { type: "input_text"; text: string };

/** `image_url` is the image itself as a data: URL, or where it is. */
export type InputImagePart = {
  type: "input_image";
  image_url: string;
  detail: "auto" | "low" | "high";
};

export type InputPart = InputTextPart | InputImagePart;

export type OutputTextPart = {
  type: "output_text";
  text: string;
  annotations: unknown[];
  /** Empty unless they were asked for. */
  logprobs: OpenAiTokenScore[];
};

/** A message of anyone but the assistant. */
export type InputMessageItem = {
  id: string;
  type: "message";
  role: "user" | "system" | "developer";
  status: "completed";
  content: InputPart[];
};

export type OutputMessageItem = {
  id: string;
  type: "message";
  role: "assistant";
  status: ItemStatus;
  content: OutputTextPart[];
};

export type FunctionCallItem = {
  id: string;
  type: "function_call";
  call_id: string;
  name: string;
  /** JSON text, as the model wrote it. */
  arguments: string;
  status: ItemStatus;
};

export type FunctionCallOutputItem = {
  id: string;
  type: "function_call_output";
  call_id: string;
  output: string | InputPart[];
  status: "completed";
};

export type SummaryPart = { type: "summary_text"; text: string };
export type ReasoningPart = { type: "reasoning_text"; text: string };

export type ReasoningItem = {
  id: string;
  type: "reasoning";
  /** The reasoning where a summary was asked for; nobody shortens it. */
  summary: SummaryPart[];
  /** The reasoning where no summary was asked for. */
  content?: ReasoningPart[];
  status: ItemStatus;
};

export type OutputItem = OutputMessageItem | FunctionCallItem | ReasoningItem;
export type Item = OutputItem | InputMessageItem | FunctionCallOutputItem;

const PREFIXES: Record<Item["type"], string> = {
  message: "msg",
  function_call: "fc",
  function_call_output: "fco",
  reasoning: "rs",
};

/**
 * Ids of a response and its items: the usage record's id, by which feedback finds the answer, then 128
 * random bits, since who knows an id of an open API may read what it names. An item's id holds its
 * response's, so that an item is found without an index over items.
 *
 * @param random 32 hexadecimal digits that nobody can guess.
 */
export function toResponseId(meterId: string, random: string): string {
  return `resp_${meterId.replaceAll("-", "")}${random}`;
}

const RESPONSE_ID = /^resp_[0-9a-f]{64}$/;
const ITEM_ID = /^(?:msg|fc|fco|rs)_([0-9a-f]{64})[io]\d{1,4}$/;

/** Whether `text` has the form of a response's id; says nothing about whether it exists. */
export function isResponseId(text: string): boolean {
  return RESPONSE_ID.test(text);
}

/** @param side of the response: `i` for what it answers, `o` for what it says. */
export function toItemId(
  responseId: string,
  { type, side, index }: { type: Item["type"]; side: "i" | "o"; index: number },
): string {
  return `${PREFIXES[type]}_${responseId.slice("resp_".length)}${side}${index}`;
}

/** The response that an item of ours belongs to; undefined for ids that are not ours. */
export function responseIdOfItem(itemId: string): string | undefined {
  const key = ITEM_ID.exec(itemId)?.[1];
  return key === undefined ? undefined : `resp_${key}`;
}
