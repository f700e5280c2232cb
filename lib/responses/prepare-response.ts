import { randomBytes } from "node:crypto";
import type { Owner } from "@/lib/auth/api-caller";
import type { Database } from "@/lib/db/client";
import { AppError } from "@/lib/errors";
import { bringImages } from "@/lib/images/bring-images";
import { RESPONSE_CHAIN_MAX, RESPONSE_REFERENCES_MAX } from "@/lib/limits";
import type { GivenItem } from "@/lib/openai/responses/input";
import {
  type Item,
  isResponseId,
  responseIdOfItem,
  toItemId,
  toResponseId,
} from "@/lib/openai/responses/item";
import { type ResponseRequest, toGenerateRequest } from "@/lib/openai/responses/request";
import { type ResponseBody, toResponseBody } from "@/lib/openai/responses/response-object";
import { toMessages } from "@/lib/openai/responses/to-messages";
import type { GenerateRequest } from "@/lib/protocol/generate-request";
import { findChain, findResponses, type StoredResponse } from "./store";
import { outputOf } from "./view-response";

export type PreparedResponse = {
  body: ResponseBody;
  /** What the request brought itself. */
  input: Item[];
  request: GenerateRequest;
};

type PrepareOptions = {
  db: Database;
  owner: Owner;
  request: ResponseRequest;
  meterId: string;
  requestId: string;
  /** Of the wait for images that are elsewhere. */
  signal: AbortSignal;
};

/**
 * A request with all that it names taken from the store: the responses before it, and items that it
 * refers to. Without any of these the database is not asked.
 *
 * @throws AppError `invalid-request`, naming what is not there or too much
 */
export async function prepareResponse(options: PrepareOptions): Promise<PreparedResponse> {
  const { db, owner, request, requestId } = options;
  const id = toResponseId(options.meterId, randomBytes(16).toString("hex"));
  const before = request.previous_response_id
    ? await readConversation(db, owner, request.previous_response_id)
    : [];
  const items = await resolveReferences(request.input ?? [], { db, owner, before });
  const input = items.map((item, index): Item => {
    return { ...item, id: toItemId(id, { type: item.type, side: "i", index }) };
  });
  const { instructions } = request;
  const given = toMessages({ instructions, before, items: input });
  const messages = await bringImages(given, { signal: options.signal });
  return {
    body: toResponseBody(request, { id, now: new Date() }),
    input,
    request: toGenerateRequest(request, { messages, requestId }),
  };
}

/** The items of a response and of all before it, those it answers and those it said. */
async function readConversation(db: Database, owner: Owner, id: string): Promise<Item[]> {
  const { chain, isTooLong, missing } = isResponseId(id)
    ? await findChain(db, owner, id)
    : { chain: [], isTooLong: false, missing: id };
  const name = JSON.stringify(id.slice(0, 80));
  if (isTooLong) {
    throw unusable(
      `The conversation that \`previous_response_id\` ${name} ends is too long: at most ${RESPONSE_CHAIN_MAX} responses of 2 MiB together. Begin a new one with what matters of it as \`input\`.`,
    );
  }
  if (missing === id) {
    throw unusable(
      `There is no response ${name} for \`previous_response_id\`. Responses made with \`store: false\`, by another key, deleted or older than 30 days are not there; send the conversation as \`input\` instead.`,
    );
  }
  if (missing !== undefined) {
    throw unusable(
      `A response before ${name} was deleted, so the conversation has a gap. Send what matters of it as \`input\` instead of \`previous_response_id\`.`,
    );
  }
  const status = chain.at(-1)?.body.status;
  if (status === "queued" || status === "in_progress") {
    throw unusable(
      `The response ${name} is still being made. Wait until its \`status\` is "completed", then send \`previous_response_id\` again.`,
    );
  }
  if (status === "failed") {
    throw unusable(
      `The response ${name} failed. Repeat its request, or send the \`previous_response_id\` of the one before it.`,
    );
  }
  return chain.flatMap((response) => [...response.input, ...outputOf(response)]);
}

function unusable(message: string): AppError {
  return new AppError("invalid-request", { message, param: "previous_response_id" });
}

type Unnumbered = Exclude<GivenItem, { type: "item_reference" }>;

async function resolveReferences(
  given: readonly GivenItem[],
  { db, owner, before }: { db: Database; owner: Owner; before: readonly Item[] },
): Promise<Unnumbered[]> {
  const known = new Map<string, Item>(before.map((item) => [item.id, item]));
  const ids = given.flatMap((item) =>
    item.type === "item_reference" && !known.has(item.id) ? (responseIdOfItem(item.id) ?? []) : [],
  );
  const sources = [...new Set(ids)];
  if (sources.length > RESPONSE_REFERENCES_MAX) {
    throw new AppError("invalid-request", {
      message: `\`input\` refers to items of ${sources.length} responses, and ${RESPONSE_REFERENCES_MAX} are allowed. Send the items themselves.`,
      param: "input",
    });
  }
  const found = sources.length > 0 ? await findResponses(db, owner, sources) : [];
  for (const item of found.flatMap(itemsOf)) known.set(item.id, item);
  return given.map((item, at) => {
    if (item.type !== "item_reference") return item;
    const referred = known.get(item.id);
    if (referred) return referred;
    throw new AppError("invalid-request", {
      message: `There is no item ${JSON.stringify(item.id.slice(0, 120))} for \`input.${at}.id\`; send the item itself.`,
      param: `input.${at}.id`,
    });
  });
}

function itemsOf(response: StoredResponse): Item[] {
  return [...response.input, ...outputOf(response)];
}
