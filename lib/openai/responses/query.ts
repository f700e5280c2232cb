import * as z from "zod";
import { AppError } from "@/lib/errors";
import { RESPONSE_ITEMS_PAGE_DEFAULT, RESPONSE_ITEMS_PAGE_MAX } from "@/lib/limits";
import { includeSchema } from "./request";

/** Query strings of the endpoints that read responses. Nothing in them is ignored either. */

const truth = z.enum(["true", "false"], { error: 'must be "true" or "false".' });
const digits = (low: number, high: number) => {
  const error = `must be a whole number from ${low} to ${high}.`;
  return z
    .string()
    .regex(/^\d{1,9}$/, { error, abort: true })
    .transform(Number)
    .pipe(z.number().min(low, error).max(high, error));
};

const retrieveSchema = z.strictObject({
  stream: truth.optional(),
  starting_after: digits(0, 999_999_999).optional(),
  include: includeSchema.optional(),
  // Padding against listeners who measure events; offered by none of our streams.
  include_obfuscation: z
    .literal("false", { error: 'must be "false": streams are not padded.' })
    .optional(),
});

export type RetrieveQuery = { isStream: boolean; startingAfter: number | undefined };

/** @throws AppError `invalid-request` that names the parameter. */
export function parseRetrieveQuery(search: URLSearchParams): RetrieveQuery {
  const query = parse(retrieveSchema, search);
  const isStream = query.stream === "true";
  if (query.starting_after !== undefined && !isStream) {
    const message = "`starting_after` is for streams; send `stream=true` with it or remove it.";
    throw new AppError("invalid-request", { message, param: "starting_after" });
  }
  return { isStream, startingAfter: query.starting_after };
}

const itemId = z.string().max(256, "must have at most 256 characters.");

const itemSchema = z.strictObject({
  limit: digits(1, RESPONSE_ITEMS_PAGE_MAX).default(RESPONSE_ITEMS_PAGE_DEFAULT),
  order: z.enum(["asc", "desc"], { error: 'must be "asc" or "desc".' }).default("desc"),
  after: itemId.optional(),
  before: itemId.optional(),
  include: includeSchema.optional(),
});

export type ItemQuery = z.infer<typeof itemSchema>;

/** @throws AppError `invalid-request` that names the parameter. */
export function parseItemQuery(search: URLSearchParams): ItemQuery {
  const query = parse(itemSchema, search);
  if (query.after === undefined || query.before === undefined) return query;
  const message = "`before` contradicts `after`; send one of them.";
  throw new AppError("invalid-request", { message, param: "before" });
}

function parse<Schema extends z.ZodType>(
  schema: Schema,
  search: URLSearchParams,
): z.output<Schema> {
  const parsed = schema.safeParse(toFields(search));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue?.code === "unrecognized_keys") {
    const param = issue.keys[0]?.slice(0, 64) ?? "";
    const message = `Unknown parameter \`${param}\`; remove it or correct the spelling.`;
    throw new AppError("invalid-request", { message, param });
  }
  // Each rule above says of itself what is to be sent.
  const param = issue?.path.join(".") ?? "";
  throw new AppError("invalid-request", { message: `\`${param}\` ${issue?.message}`, param });
}

/** Clients write lists as `include=a&include=b`, `include[]=a` or `include[0]=a`. */
function toFields(search: URLSearchParams): Record<string, string | string[]> {
  const fields = new Map<string, string | string[]>();
  for (const [key, value] of search) {
    const name = key.replace(/\[\d*\]$/, "");
    if (name !== "include") fields.set(name, value);
    else fields.set(name, [...(fields.get(name) ?? []), value]);
  }
  return Object.fromEntries(fields);
}
