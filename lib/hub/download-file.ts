import type { Hash } from "node:crypto";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { AppError, isAppError } from "@/lib/errors";
import { HUB_ATTEMPTS_MAX, HUB_RETRY_MS, HUB_STALL_MS_MAX } from "@/lib/hub-limits";
import { backoffMs } from "@/lib/util/backoff";
import { wait } from "@/lib/util/wait";
import { beginChecksum, hashFile } from "./checksum";
import type { HubFile, HubRequest } from "./hub";

export type DownloadFileOptions = {
  file: HubFile;
  request: HubRequest;
  /** Where it is to lie. */
  path: string;
  signal: AbortSignal;
  /** Told of each piece: bytes that are there now, those of an earlier try included. */
  onProgress?: (bytes: number) => void;
  stallMsMax?: number;
  retry?: { firstMs: number; longestMs: number };
};

/**
 * Brings one file, from where an earlier try ended: what has arrived lies beside its place as `….part`, and
 * takes its place when its checksum is right.
 *
 * @throws AppError `upstream-invalid` for bytes that are others than promised, or a hub that breaks off
 * again and again without a byte more; `forbidden`, `not-found` by its status.
 */
export async function downloadFile(options: DownloadFileOptions): Promise<void> {
  const { file, path, signal, retry = HUB_RETRY_MS } = options;
  await mkdir(dirname(path), { recursive: true });
  const part = `${path}.part`;
  let best = await sizeOf(part);
  let attempt = 0;
  for (;;) {
    try {
      await bring(options, part);
      await rename(part, path);
      return;
    } catch (error) {
      signal.throwIfAborted();
      const isHopeless = isAppError(error) && !error.retryable;
      if (isHopeless) throw error;
      const size = await sizeOf(part);
      attempt = size > best ? 1 : attempt + 1;
      best = Math.max(best, size);
      if (attempt >= HUB_ATTEMPTS_MAX) throw gaveUp(file, error);
    }
    await wait(backoffMs(attempt - 1, retry), signal);
  }
}

async function bring(options: DownloadFileOptions, part: string): Promise<void> {
  const { file, signal, onProgress } = options;
  let have = await sizeOf(part);
  // A longer one is of another file.
  if (have > file.bytes) {
    await rm(part);
    have = 0;
  }
  const hash = file.checksum && beginChecksum(file.checksum, file.bytes);
  if (hash && have > 0) await hashFile(part, hash, signal);
  onProgress?.(have);
  if (have < file.bytes || file.bytes === 0) await append(options, { part, have, hash });
  if (file.checksum && hash?.digest("hex") !== file.checksum.value) {
    await rm(part, { force: true });
    throw new AppError("upstream-invalid", {
      message: `${file.path} has arrived with other bytes than the hub promises.`,
    });
  }
}

type Progress = { part: string; have: number; hash: Hash | undefined };

async function append(options: DownloadFileOptions, { part, have, hash }: Progress): Promise<void> {
  const { file, request, signal, onProgress, stallMsMax = HUB_STALL_MS_MAX } = options;
  const stall = new AbortController();
  const timer = setTimeout(() => stall.abort(), stallMsMax);
  let bytes = have;
  try {
    const reply = await fetch(request.url, {
      headers: { ...request.headers, ...(have > 0 && { range: `bytes=${have}-` }) },
      signal: AbortSignal.any([signal, stall.signal]),
    });
    if (have > 0 && reply.status !== 206) {
      await reply.body?.cancel();
      // A server without ranges begins anew, and so does the file.
      await rm(part, { force: true });
      throw new AppError("worker-lost", { message: `${file.path} cannot be continued.` });
    }
    if (!reply.ok || reply.body === null) throw await toStatusError(reply, file);
    const handle = await open(part, have > 0 ? "a" : "w");
    try {
      for await (const piece of reply.body) {
        timer.refresh();
        bytes += piece.length;
        if (bytes > file.bytes) throw wrongSize(file);
        await handle.write(piece);
        hash?.update(piece);
        onProgress?.(bytes);
      }
      // A machine that loses power must not find a whole name on half a file.
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (bytes < file.bytes) throw wrongSize(file);
  } finally {
    clearTimeout(timer);
  }
}

async function toStatusError(reply: Response, file: HubFile): Promise<AppError> {
  await reply.body?.cancel();
  const { status } = reply;
  if (status === 401 || status === 403) {
    return new AppError("forbidden", {
      message: `The hub refuses ${file.path}. Where the model is gated, ask for access on its page and set its token.`,
    });
  }
  if (status === 404) {
    return new AppError("not-found", { message: `The hub has no ${file.path} any more.` });
  }
  return new AppError("upstream-invalid", {
    message: `The hub answered with status ${status} for ${file.path}.`,
  });
}

function wrongSize(file: HubFile): AppError {
  return new AppError("upstream-invalid", {
    message: `${file.path} ended before or after the ${file.bytes} bytes that the hub promises.`,
  });
}

function gaveUp(file: HubFile, cause: unknown): AppError {
  return new AppError("upstream-invalid", {
    message: `${file.path} could not be brought in ${HUB_ATTEMPTS_MAX} attempts. What has arrived is kept: run the same again to go on.`,
    cause,
  });
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return 0;
    throw error;
  }
}
