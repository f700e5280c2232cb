import type { Hash } from "node:crypto";
import { type FileHandle, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { AppError, isAppError } from "@/lib/errors";
import {
  HUB_ATTEMPTS_MAX,
  HUB_RETRY_AFTER_MS_MAX,
  HUB_RETRY_MS,
  HUB_SPOILT_MAX,
  HUB_STALL_MS_MAX,
} from "@/lib/hub-limits";
import { type BackoffOptions, backoffMs } from "@/lib/util/backoff";
import { wait } from "@/lib/util/wait";
import { beginChecksum, hashFile } from "./checksum";
import { wordsOfFault } from "./connection-fault";
import { findDiskError } from "./disk-error";
import type { HubFile, HubRequest } from "./hub";
import { toHubError } from "./hub-error";

export type DownloadFileOptions = {
  file: HubFile;
  request: HubRequest;
  /** Where it is to lie. */
  path: string;
  signal: AbortSignal;
  /** Told of each piece: bytes that are there now, those of an earlier try included. */
  onProgress?: (bytes: number) => void;
  stallMsMax?: number;
  retry?: BackoffOptions;
};

/** Characters of a checksum that tell one file's beginning from another's. */
const PART_CHARACTERS = 16;

/** Where a file lies while it comes: named by its bytes, so that what another commit began is never gone on with. */
export function toPartPath(path: string, { checksum }: HubFile): string {
  return `${path}.${checksum?.value.slice(0, PART_CHARACTERS) ?? "unknown"}.part`;
}

/** What one file's attempts know of each other. */
type Course = {
  part: string;
  /** Whole files that came with other bytes than promised. */
  spoilt: number;
  /** The server answers ranges with something else: begin anew. */
  hasNoRanges: boolean;
  /** Of the version that the part is of. */
  etag: string | undefined;
};

/**
 * Brings one file, from where an earlier try ended: what has arrived lies beside its place as `….part`, and
 * takes its place when its checksum is right.
 *
 * @throws AppError `upstream-invalid` for bytes that are others than promised, or a hub that breaks off
 * again and again without a byte more; `forbidden`, `not-found` by its status; `unavailable` for a full disk.
 */
export async function downloadFile(options: DownloadFileOptions): Promise<void> {
  const { file, path, signal, retry = HUB_RETRY_MS } = options;
  const part = toPartPath(path, file);
  const course: Course = { part, spoilt: 0, hasNoRanges: false, etag: undefined };
  await mkdir(dirname(path), { recursive: true });
  // Nothing tells whose beginning it is.
  if (file.checksum === undefined) await rm(part, { force: true });
  let best = await sizeOf(part);
  let attempt = 0;
  for (;;) {
    let pauseMs = 0;
    try {
      await bring(options, course);
      await rename(part, path);
      return;
    } catch (error) {
      signal.throwIfAborted();
      const disk = findDiskError(error, dirname(path));
      if (disk) throw disk;
      if (isAppError(error) && (!error.retryable || course.spoilt >= HUB_SPOILT_MAX)) throw error;
      const size = await sizeOf(part);
      attempt = size > best ? 1 : attempt + 1;
      best = Math.max(best, size);
      pauseMs = 1_000 * ((isAppError(error) && error.retryAfterSeconds) || 0);
      const isTooLong = pauseMs > HUB_RETRY_AFTER_MS_MAX;
      if (attempt >= HUB_ATTEMPTS_MAX || isTooLong) throw gaveUp(file, error, attempt);
    }
    await wait(Math.max(pauseMs, backoffMs(attempt - 1, retry)), signal);
  }
}

async function bring(options: DownloadFileOptions, course: Course): Promise<void> {
  const { file, signal, onProgress } = options;
  const { part } = course;
  const have = course.hasNoRanges ? 0 : await sizeOf(part);
  let hash = file.checksum && beginChecksum(file.checksum, file.bytes);
  if (have > file.bytes) {
    await rm(part);
    return await bring(options, course);
  }
  if (hash && have > 0) await hashFile(part, hash, signal);
  onProgress?.(have);
  let isWhole = false;
  if (have < file.bytes || file.bytes === 0) {
    const begun = await append(options, course, { have, hash });
    ({ hash } = begun);
    isWhole = begun.from === 0;
  }
  if (!file.checksum || hash?.digest("hex") === file.checksum.value) return;
  await rm(part, { force: true });
  if (isWhole) course.spoilt += 1;
  throw new AppError("upstream-invalid", {
    message: `${file.path} has arrived with other bytes than the hub promises. Where its revision has just changed, run the same again; else the hub or what is in between spoils it.`,
  });
}

type Progress = { have: number; hash: Hash | undefined };
/** Where the bytes began that an answer brought, and what is known of all that are there. */
type Begun = { from: number; hash: Hash | undefined };

async function append(
  options: DownloadFileOptions,
  course: Course,
  { have, hash }: Progress,
): Promise<Begun> {
  const { file, request, signal, onProgress, stallMsMax = HUB_STALL_MS_MAX } = options;
  const stall = new AbortController();
  const late = new AppError("timeout", {
    message: `No byte of ${file.path} came for ${stallMsMax / 1_000} s.`,
  });
  const timer = setTimeout(() => stall.abort(late), stallMsMax);
  try {
    const reply = await fetch(request.url, {
      headers: {
        ...request.headers,
        // Ranges of what is compressed on the way are ranges of other bytes.
        "accept-encoding": "identity",
        ...(have > 0 && { range: `bytes=${have}-` }),
        ...(have > 0 && course.etag && { "if-range": course.etag }),
      },
      signal: AbortSignal.any([signal, stall.signal]),
    });
    // What does not fit touches nothing that has arrived.
    const from = await expectFit(reply, have, { file, request, course }).catch(async (error) => {
      await reply.body?.cancel();
      throw error;
    });
    const begun = from === have ? hash : file.checksum && beginChecksum(file.checksum, file.bytes);
    const handle = await open(course.part, from > 0 ? "a" : "w");
    try {
      let bytes = from;
      for await (const piece of reply.body ?? []) {
        timer.refresh();
        bytes += piece.length;
        if (bytes > file.bytes) await refuseLonger(handle, from, file);
        // Unlike `write`, which may write less than it was given and say so in its answer alone.
        await handle.writeFile(piece);
        begun?.update(piece);
        onProgress?.(bytes);
      }
      // A machine that loses power must not find a whole name on half a file.
      await handle.sync();
      if (bytes < file.bytes) throw brokenOff(file, bytes);
    } finally {
      await handle.close();
    }
    return { from, hash: begun };
  } finally {
    clearTimeout(timer);
  }
}

type Fit = { file: HubFile; request: HubRequest; course: Course };

/** From which byte on an answer tells the file. @throws AppError for one that is not of this file. */
async function expectFit(reply: Response, have: number, fit: Fit): Promise<number> {
  const { file, request, course } = fit;
  const { status, headers } = reply;
  if (status === 416 && have > 0) {
    course.hasNoRanges = true;
    throw new AppError("upstream-invalid", { message: `${file.path} cannot be continued.` });
  }
  if (!reply.ok) throw toHubError(reply, { ...request, path: file.path });
  const type = headers.get("content-type") ?? "";
  if (/^text\/html\b/i.test(type) && !/\.html?$/i.test(file.path)) {
    throw new AppError("upstream-invalid", {
      message: `A page of HTML came in place of ${file.path}: a proxy's or a network's sign-in page may be in between.`,
    });
  }
  const from = status === 206 ? readRange(reply, have, fit) : 0;
  const isEncoded = !["", "identity"].includes(headers.get("content-encoding") ?? "");
  const length = headers.get("content-length");
  const bytes = from + Number(length);
  if (length !== null && !isEncoded && bytes !== file.bytes) {
    throw new AppError("upstream-invalid", {
      message: `The hub has ${bytes} bytes for ${file.path} and promises ${file.bytes}. Where its revision has just changed, run the same again.`,
    });
  }
  const etag = headers.get("etag");
  // A weak one does not say that bytes are the same (RFC 9110, 8.8.1).
  course.etag = etag?.startsWith('"') ? etag : undefined;
  course.hasNoRanges = false;
  return from;
}

function readRange({ headers }: Response, have: number, { file, course }: Fit): number {
  const [, from, total] =
    /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get("content-range") ?? "") ?? [];
  const isFit = Number(from) === have && (total === "*" || Number(total) === file.bytes);
  const isEncoded = !["", "identity"].includes(headers.get("content-encoding") ?? "");
  if (isFit && !isEncoded) return have;
  course.hasNoRanges = true;
  throw new AppError("upstream-invalid", {
    message: `The hub continues ${file.path} elsewhere than it was asked to.`,
  });
}

/** @throws AppError always; what was there before stays. */
async function refuseLonger(handle: FileHandle, from: number, file: HubFile): Promise<never> {
  await handle.truncate(from);
  throw new AppError("upstream-invalid", {
    message: `More than the ${file.bytes} bytes came for ${file.path} that the hub promises.`,
  });
}

function brokenOff(file: HubFile, bytes: number): AppError {
  return new AppError("upstream-invalid", {
    message: `${file.path} broke off after ${bytes} of ${file.bytes} bytes.`,
  });
}

function gaveUp(file: HubFile, cause: unknown, attempts: number): AppError {
  const why = isAppError(cause) ? cause.message : `The connection failed: ${wordsOfFault(cause)}.`;
  return new AppError(isAppError(cause) ? cause.code : "upstream-invalid", {
    message: `${file.path} could not be brought in ${attempts} attempts. ${why} What has arrived is kept: run the same again to go on.`,
    ...(isAppError(cause) && { retryAfterSeconds: cause.retryAfterSeconds }),
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
