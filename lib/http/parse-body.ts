import type * as z from "zod";
import { AppError, isAppError } from "@/lib/errors";
import { readByShortcut } from "@/lib/util/shortcut";
import { checkValueCount } from "./check-value-count";
import { toBodyError } from "./describe-issue";
import { incomingOf } from "./light-request";
import { type BodyLimit, readBody } from "./read-body";

export type BodyOptions<Schema extends z.ZodType> = {
  schema: Schema;
  bytesMax: number;
  valuesMax?: number | undefined;
};

/**
 * The body of a request as `schema` reads it.
 *
 * @throws AppError `unsupported-media-type`, `body-too-large` or `invalid-request`, with what to do.
 */
export async function parseBody<Schema extends z.ZodType>(
  request: Request,
  { schema, bytesMax, valuesMax }: BodyOptions<Schema>,
): Promise<z.output<Schema>> {
  checkContentType(request.headers.get("content-type"));
  checkContentEncoding(request.headers.get("content-encoding"));
  const value = parseJson(await readBytes(request, bytesMax));
  const short = readByShortcut(schema, value);
  if (short !== undefined) return short;
  checkValueCount(value, valuesMax);
  const parsed = schema.safeParse(value, { reportInput: true });
  if (!parsed.success) throw toBodyError(parsed.error);
  return parsed.data;
}

/** Only JSON: a form or plain text is what another site can send without asking the browser's leave. */
export function checkContentType(header: string | null): void {
  const [type = "", ...parameters] = (header ?? "").toLowerCase().split(";");
  const charset = parameters.map((it) => it.trim()).find((it) => it.startsWith("charset="));
  const isUtf8 = charset === undefined || /^charset="?utf-?8"?$/.test(charset);
  if (type.trim() !== "application/json" || !isUtf8) {
    throw new AppError("unsupported-media-type", {
      message: "Send the body as UTF-8 JSON, with the header `Content-Type: application/json`.",
    });
  }
}

/** What is packed may unpack to a thousand times its size; a body of the limit's size needs no packing. */
function checkContentEncoding(header: string | null): void {
  if (header === null || header.trim().toLowerCase() === "identity") return;
  throw new AppError("unsupported-media-type", {
    message: "Send the body as it is, without the header `Content-Encoding`.",
  });
}

/** Counts what arrives rather than trusting `Content-Length`, and reads no further than the limit. */
function readBytes(request: Request, bytesMax: number): Promise<Uint8Array> {
  const tooLarge = () =>
    new AppError("body-too-large", {
      message: `The body exceeds ${bytesMax} bytes; send a shorter one.`,
    });
  if (Number(request.headers.get("content-length") ?? 0) > bytesMax) throw tooLarge();
  const incoming = incomingOf(request);
  const read = incoming
    ? readBody(incoming, { bytesMax, tooLarge })
    : readStream(request, { bytesMax, tooLarge });
  return read.catch(failBroken);
}

async function readStream(
  { body }: Request,
  { bytesMax, tooLarge }: BodyLimit,
): Promise<Uint8Array> {
  if (body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop leaves the rest of it unread.
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > bytesMax) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function failBroken(cause: unknown): never {
  if (isAppError(cause)) throw cause;
  throw new AppError("client-closed", { message: "The body broke off while it was read.", cause });
}

/** One for all: it keeps nothing from one whole text to the next. */
const decoder = new TextDecoder("utf-8", { fatal: true });

function parseJson(bytes: Uint8Array): unknown {
  const invalid = (message: string, cause?: unknown) =>
    new AppError("invalid-request", { message, cause });
  if (bytes.byteLength === 0) throw invalid("The body is empty; send a JSON object.");
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch (cause) {
    throw invalid("The body is not valid UTF-8.", cause);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    // The engine's own message quotes the body, which may be somebody's conversation.
    throw invalid("The body is not valid JSON; check brackets, quotes and commas.", cause);
  }
}
