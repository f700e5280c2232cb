import { GENERATION_MS_MAX } from "@/lib/limits";
import type { SchemaObject } from "./request-schema";

/** Headers of the API, in requests and in answers. */

export type Header = { name: string; description: string; schema: SchemaObject };

const text: SchemaObject = { type: "string" };
const count: SchemaObject = { type: "integer", minimum: 0 };

/** `isKeyedAlone`: understood only where a key may be asked for. */
export const REQUEST_HEADERS: readonly (Header & { isKeyedAlone: boolean })[] = [
  {
    ...{ name: "x-request-id", isKeyedAlone: false },
    description: "An id of your own, for the log and the answer; one is made for other values.",
    schema: { type: "string", pattern: "^[A-Za-z0-9._-]{1,128}$" },
  },
  {
    ...{ name: "x-parley-timeout-ms", isKeyedAlone: true },
    description: "The whole answer within so many milliseconds of its request, or a 504.",
    schema: { type: "integer", minimum: 1, maximum: GENERATION_MS_MAX },
  },
];

export const ANSWER_HEADERS: readonly Header[] = [
  { name: "x-request-id", description: "Names the request in the server's log.", schema: text },
  {
    name: "retry-after",
    description: "Seconds after which to try again, beside 429 and 503.",
    schema: { type: "integer", minimum: 1 },
  },
  { name: "x-parley-model", description: "The model that answered.", schema: text },
  { name: "x-parley-route", description: "Why it was this model.", schema: text },
  { name: "x-parley-worker", description: "The worker that began the answer.", schema: text },
  {
    name: "x-parley-resumed",
    description:
      "How often another worker went on with the answer; absent where one wrote all. A stream says so in a comment.",
    schema: { type: "integer", minimum: 1 },
  },
];

const moment: SchemaObject = { type: "string", format: "date-time" };

/** By whose names a path has them. Present where the caller or the model has such a limit. */
export const LIMIT_HEADERS: Record<"openai" | "anthropic", readonly Header[]> = {
  openai: [
    { name: "x-ratelimit-limit-requests", description: "Requests a minute.", schema: count },
    { name: "x-ratelimit-limit-tokens", description: "Tokens a minute or day.", schema: count },
    { name: "x-ratelimit-remaining-requests", description: "Of them left now.", schema: count },
    { name: "x-ratelimit-remaining-tokens", description: "Of them left now.", schema: count },
    {
      ...{ name: "x-ratelimit-reset-requests", schema: text },
      description: "Until all requests are free again, such as `1s` or `6m0s`.",
    },
    {
      ...{ name: "x-ratelimit-reset-tokens", schema: text },
      description: "Until all tokens are free again, such as `1s` or `6m0s`.",
    },
  ],
  anthropic: ["requests", "tokens"].flatMap((kind) => [
    {
      ...{ name: `anthropic-ratelimit-${kind}-limit`, schema: count },
      description: `How many ${kind} there may be.`,
    },
    {
      ...{ name: `anthropic-ratelimit-${kind}-remaining`, schema: count },
      description: "Of them left now.",
    },
    {
      ...{ name: `anthropic-ratelimit-${kind}-reset`, schema: moment },
      description: "When all are free again.",
    },
  ]),
};
