import type { IncomingMessage } from "node:http";
import type * as z from "zod";
import { AppError } from "@/lib/errors";
import { WORKER_BODY_BYTES_MAX } from "@/lib/limits";

/**
 * Reads and checks a JSON body. The web has checked it already; this is the other half of the pair,
 * since a worker believes nobody.
 *
 * @throws AppError `unsupported-media-type`, `body-too-large` or `invalid-request` naming the field.
 */
export async function readBody<T>(request: IncomingMessage, schema: z.ZodType<T>): Promise<T> {
  if (!/^application\/json\s*(;|$)/i.test(request.headers["content-type"] ?? "")) {
    throw new AppError("unsupported-media-type", {
      message: "Send the body as JSON with the header Content-Type: application/json.",
    });
  }
  const parsed = schema.safeParse(parseJson(await readBytes(request)));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const param = issue?.path.join(".") || undefined;
  throw new AppError("invalid-request", {
    message: `${param ?? "The body"}: ${issue?.message ?? "does not have the expected form"}.`,
    param,
  });
}

async function readBytes(request: IncomingMessage): Promise<Buffer> {
  // A length that is announced is refused before it is read; one that is not is counted.
  if (Number(request.headers["content-length"]) > WORKER_BODY_BYTES_MAX) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  // destroyOnReturn would close the socket under the refusal that is about to be written to it.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    // Without an encoding set, Node's HTTP parser only hands out buffers.
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > WORKER_BODY_BYTES_MAX) throw tooLarge();
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function tooLarge(): AppError {
  return new AppError("body-too-large", {
    message: `The body is larger than ${WORKER_BODY_BYTES_MAX} bytes. Send less text.`,
  });
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new AppError("invalid-request", {
      message: "The body is not valid JSON in UTF-8.",
      cause,
    });
  }
}
