import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type * as z from "zod";
import { StartError } from "@/lib/util/start-error";

/**
 * A JSON file that has to be there, checked.
 *
 * @throws StartError with its path when it is missing or holds something else.
 */
export async function readJson<T>(root: string, name: string, schema: z.ZodType<T>): Promise<T> {
  const path = join(root, name);
  const bytes = await readIfPresent(path);
  if (bytes !== undefined) return parseJson(path, bytes.toString("utf8"), schema);
  throw new StartError({
    message: `${path} is missing.`,
    remedy: "Copy the whole model folder from where it came from.",
  });
}

/** The same for a file that may be missing: it then counts as an empty object. */
export async function readOptionalJson<T>(
  root: string,
  name: string,
  schema: z.ZodType<T>,
): Promise<T> {
  const path = join(root, name);
  const bytes = await readIfPresent(path);
  return parseJson(path, bytes?.toString("utf8") ?? "{}", schema);
}

function parseJson<T>(path: string, text: string, schema: z.ZodType<T>): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw broken(path, "it is not valid JSON", cause);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw broken(path, `${issue?.path.join(".") || "its content"}: ${issue?.message}`, parsed.error);
}

/** The whole file; undefined when there is none. */
export async function readIfPresent(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (cause) {
    const isAbsent = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    if (isAbsent) return undefined;
    throw broken(path, "it cannot be read", cause);
  }
}

function broken(path: string, what: string, cause: unknown): StartError {
  return new StartError({
    message: `${path}: ${what}.`,
    remedy: "Copy the file again from where the model came from.",
    cause,
  });
}
