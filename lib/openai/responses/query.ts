import * as z from "zod";
import { AppError } from "@/lib/errors";
import { RESPONSE_ITEMS_PAGE_DEFAULT, RESPONSE_ITEMS_PAGE_MAX } from "@/lib/limits";
import { includeSchema } from "./request";

/** Query strings of the endpoints that read responses. Nothing in them is ignored either. */

const truth = z.enum(["true", "false"]);
const digits = (low: number, high: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, "must be a whole number.")
    .transform(Number)
    .pipe(z.number().min(low).max(high));

const retrieveSchema = z.strictObject({
  stream: truth.optional(),
  starting_after: digits(0, 999_999_999).optional(),
  include: includeSchema.optional(),
  // Padding against listeners who measure events; offered by none of our streams.
  include_obfuscation: z.literal("false").optional(),
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

const itemSchema = z.strictObject({
  limit: digits(1, RESPONSE_ITEMS_PAGE_MAX).default(RESPONSE_ITEMS_PAGE_DEFAULT),
  order: z.enum(["asc", "desc"]).default("desc"),
  after: z.string().max(256).optional(),
  before: z.string().max(256).optional(),
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
  const param = issue?.path.join(".") ?? "";
  const what = issue?.code === "custom" ? issue.message : `is not valid: ${issue?.message}.`;
  throw new AppError("invalid-request", { message: `\`${param}\` ${what}`, param });
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
