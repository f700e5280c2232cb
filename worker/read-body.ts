import type { IncomingMessage } from "node:http";
import type * as z from "zod";
import { AppError } from "@/lib/errors";
import { WORKER_BODY_BYTES_MAX } from "@/lib/limits";

const EMPTY = Buffer.alloc(0);
const decoder = new TextDecoder("utf-8", { fatal: true });

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

/** By events: an iterator over the request takes as long as reading its JSON. */
function readBytes(request: IncomingMessage): Promise<Buffer> {
  // A length that is announced is refused before it is read; one that is not is counted.
  if (Number(request.headers["content-length"]) > WORKER_BODY_BYTES_MAX) {
    return Promise.reject(tooLarge());
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    // Without an encoding set, Node's HTTP parser only hands out buffers.
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size > WORKER_BODY_BYTES_MAX) {
        // The rest waits in the socket, for the refusal to be written first.
        request.off("data", onData).pause();
        reject(tooLarge());
      } else chunks.push(chunk);
    };
    const onClose = () => reject(new Error("The request ended in the middle of its body."));
    request.on("data", onData);
    request.once("error", reject);
    request.once("close", onClose);
    request.once("end", () => {
      // It closes after its end as well, and an error takes as long to make as all of this.
      request.off("close", onClose);
      const [first = EMPTY] = chunks;
      resolve(chunks.length < 2 ? first : Buffer.concat(chunks));
    });
  });
}

function tooLarge(): AppError {
  return new AppError("body-too-large", {
    message: `The body is larger than ${WORKER_BODY_BYTES_MAX} bytes. Send less text.`,
  });
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch (cause) {
    throw new AppError("invalid-request", {
      message: "The body is not valid JSON in UTF-8.",
      cause,
    });
  }
}
