import { paths } from "@/lib/paths";
import type { GenerateEvent } from "@/lib/protocol/generate-event";
import { textMessage } from "@/lib/protocol/message";
import type { Target } from "../gateway/question";
import type { AskedBytes } from "./replay-server";

/** Chunks of text in each answer. */
export const CHUNKS = 128;
const QUESTION = `Tell me of the river in ${CHUNKS} words.`;
const LINE_FEED = 10;

/** One answer, read and looked at before anything is measured: its pieces of text, and where the first one ends. */
type Seen = { pieces: string[]; body: Buffer };

/** The worker alone, in its own protocol. @throws Error where the answer is not what was asked for. */
export async function toWorkerTarget(
  name: string,
  { port, secret, model }: { port: number; secret: string; model: string },
): Promise<{ target: Target; pieces: string[] }> {
  const asked = {
    path: paths.worker.generate,
    headers: { "content-type": "application/json", authorization: `Bearer ${secret}` },
    body: JSON.stringify({
      ...{ requestId: "bench", model, messages: [textMessage("user", QUESTION)] },
      ...{ sampling: {}, stop: [] },
    }),
  };
  const body = await read(name, port, asked);
  const events = body
    .toString("utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as GenerateEvent);
  const pieces = events.flatMap((event) => (event.type === "text-delta" ? [event.text] : []));
  const last = events.at(-1);
  if (last?.type !== "generation-end" || pieces.length !== CHUNKS) {
    throw new Error(`${name}: ${pieces.length} pieces of ${CHUNKS}, then ${JSON.stringify(last)}`);
  }
  return { target: toLineTarget(name, { port, asked, seen: { pieces, body } }), pieces };
}

/** Our API before the worker. @throws Error where other pieces come than from the worker alone. */
export async function toGatewayTarget(
  name: string,
  { port, model, pieces }: { port: number; model: string; pieces: string[] },
): Promise<Target> {
  const messages = [{ role: "user", content: QUESTION }];
  const asked = {
    path: paths.v1.chatCompletions,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model, messages, stream: true }),
  };
  const seen = { pieces, body: await read(name, port, asked) };
  expectPieces(name, seen);
  return toLineTarget(name, { port, asked, seen });
}

/** The provider without the worker, asked for the very same. @throws Error as above. */
export async function toDirectTarget(
  name: string,
  { port, asked, pieces }: { port: number; asked: AskedBytes; pieces: string[] },
): Promise<Target> {
  const {
    connection: _,
    host: __,
    "content-length": ___,
    "accept-encoding": ____,
    ...headers
  } = asked.headers;
  const body = await read(name, port, { ...asked, headers });
  const first = expectPieces(name, { pieces, body });
  return {
    ...{ name, port, path: asked.path, headers, body: asked.body, tokens: CHUNKS },
    // Its bytes are the same each time, and no lines where the stream is a binary one.
    ...{ bodyBytes: body.length, firstAfter: { lineFeeds: 0, bodyBytes: first } },
  };
}

function toLineTarget(
  name: string,
  { port, asked, seen }: { port: number; asked: AskedBytes; seen: Seen },
): Target {
  const first = expectPieces(name, seen);
  const count = (bytes: Buffer) =>
    bytes.reduce((sum, byte) => sum + (byte === LINE_FEED ? 1 : 0), 0);
  return {
    ...{ name, port, path: asked.path, headers: asked.headers, body: asked.body, tokens: CHUNKS },
    lineFeeds: count(seen.body),
    // With the one that ends its line.
    firstAfter: { lineFeeds: count(seen.body.subarray(0, first)) + 1, bodyBytes: 0 },
  };
}

async function read(
  name: string,
  port: number,
  { path, headers, body }: AskedBytes,
): Promise<Buffer> {
  const reply = await fetch(`http://127.0.0.1:${port}${path}`, { method: "POST", headers, body });
  const bytes = Buffer.from(await reply.arrayBuffer());
  if (reply.ok) return bytes;
  throw new Error(`${name} answers with ${reply.status}: ${bytes.toString("utf8").slice(0, 500)}`);
}

/** All pieces in their order, each as JSON has it. @returns where the first one ends */
function expectPieces(name: string, { pieces, body }: Seen): number {
  let at = 0;
  let first = 0;
  for (const [index, piece] of pieces.entries()) {
    const text = JSON.stringify(piece);
    const found = body.indexOf(text, at);
    if (found === -1) throw new Error(`${name}: piece ${index} of ${pieces.length} is not there.`);
    at = found + text.length;
    if (index === 0) first = at;
  }
  return first;
}
