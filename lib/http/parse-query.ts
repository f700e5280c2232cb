import type * as z from "zod";
import { AppError } from "@/lib/errors";
import { toBodyError } from "./describe-issue";

const NAME_CHARACTERS_MAX = 64;

/** A parameter that may stand there several times; the schema gets a list of its values. */
export type QueryOptions<Name> = { repeated?: readonly Name[] };

/**
 * The query string of a request as `schema` reads it; nothing in it is ignored.
 *
 * @param schema an object of what strings become.
 * @param repeated names of parameters that may be there several times: of them it gets lists.
 * @throws AppError `invalid-request` that names the parameter.
 *
 * @example const { model } = parseQuery(request, z.strictObject({ model: z.string().optional() }));
 */
export function parseQuery<Schema extends z.ZodObject>(
  request: Request,
  schema: Schema,
  { repeated = [] }: QueryOptions<keyof z.output<Schema>> = {},
): z.output<Schema> {
  const fields: Record<string, string | string[]> = {};
  for (const [name, value] of new URL(request.url).searchParams) {
    const param = name.slice(0, NAME_CHARACTERS_MAX);
    const refuse = (message: string) => new AppError("invalid-request", { message, param });
    if (!Object.hasOwn(schema.shape, name)) {
      throw refuse(`Unknown parameter \`${param}\`; remove it or correct the spelling.`);
    }
    const before = fields[name];
    if (repeated.includes(name)) {
      fields[name] = Array.isArray(before) ? [...before, value] : [value];
      continue;
    }
    if (before !== undefined) throw refuse(`\`${param}\` is there twice; send it once.`);
    fields[name] = value;
  }
  const parsed = schema.safeParse(fields, { reportInput: true });
  if (!parsed.success) throw toBodyError(parsed.error);
  return parsed.data;
}
