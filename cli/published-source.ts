import { createReadStream } from "node:fs";
import { open, readFile, stat } from "node:fs/promises";
import { BOARD_FILE_BYTES_MAX, REPRODUCE_FETCH_MS_MAX } from "@/lib/board-limits";
import type { Database } from "@/lib/db/client";
import { getPublishedFile, getSnapshotHash } from "@/lib/leaderboard/read-published";
import { readVoteBytes, unpack } from "@/lib/leaderboard/vote-snapshot";
import { paths } from "@/lib/paths";
import { CLI_EXIT_CODES, CliError } from "./cli-error";

/** Where a published board comes from: its file, and the lines of its votes. */
export type PublishedSource = {
  readBoard(): Promise<string>;
  readVotes(): AsyncIterable<Uint8Array>;
};

/** The platform's own database. */
export function fromDatabase(db: Database, id: string): PublishedSource {
  return {
    readBoard: async () => (await getPublishedFile(id, db)).text,
    async *readVotes() {
      yield* readVoteBytes(db, await getSnapshotHash(id, db));
    },
  };
}

/** Any installation, by what it tells everybody. */
export function fromAddress(baseUrl: string, id: string): PublishedSource {
  const address = (path: string) => `${baseUrl.replace(/\/+$/, "")}${path}`;
  return {
    async readBoard() {
      const response = await get(address(paths.api.publishedFile(encodeURIComponent(id))));
      return readLimited(response);
    },
    async *readVotes() {
      // What is gzip on the way is unpacked by `fetch`.
      const { body } = await get(address(paths.api.publishedVotes(encodeURIComponent(id))));
      if (body) for await (const chunk of body) yield chunk;
    },
  };
}

/** Files that were downloaded; of the votes also packed by gzip. */
export function fromFiles(files: { board: string; votes: string }): PublishedSource {
  return {
    async readBoard() {
      const { size } = await stat(files.board).catch(notReadable(files.board));
      if (size > BOARD_FILE_BYTES_MAX) throw badUse(`${files.board} is too large for a board.`);
      return readFile(files.board, "utf8");
    },
    async *readVotes() {
      const isPacked = await beginsLikeGzip(files.votes).catch(notReadable(files.votes));
      const bytes: AsyncIterable<Buffer> = createReadStream(files.votes);
      yield* isPacked ? unpack(bytes) : bytes;
    },
  };
}

async function beginsLikeGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

async function get(url: string): Promise<Response> {
  const signal = AbortSignal.timeout(REPRODUCE_FETCH_MS_MAX);
  let response: Response;
  try {
    response = await fetch(url, { signal });
  } catch (cause) {
    throw badUse(`Nobody answers at ${url}.`, cause);
  }
  if (response.ok) return response;
  const told = await response.text().then(toMessage, () => undefined);
  throw badUse(`${url} answers ${response.status}${told ? `: ${told}` : "."}`);
}

/** The sentence of a Parley's refusal. */
function toMessage(body: string): string | undefined {
  const message = /"message":\s*"((?:[^"\\]|\\.){1,500})"/.exec(body)?.[1];
  return message?.replaceAll("\\", "");
}

async function readLimited(response: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  if (response.body) {
    for await (const piece of response.body) {
      size += piece.length;
      if (size > BOARD_FILE_BYTES_MAX) throw badUse(`${response.url} is too large for a board.`);
      pieces.push(piece);
    }
  }
  return Buffer.concat(pieces).toString("utf8");
}

const notReadable = (path: string) => (cause: unknown) => {
  throw badUse(`${path} cannot be read.`, cause);
};

function badUse(message: string, cause?: unknown): CliError {
  const remedy = "Check the address, the id and the files; `--help` shows examples.";
  return new CliError({ message, remedy, cause, exitCode: CLI_EXIT_CODES.badUse });
}
