import { AppError } from "@/lib/errors";

/** What a file system says where no byte more fits: the disk, the user's share of it, the longest file it takes. */
const FULL = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);
const CLOSED = new Set(["EACCES", "EPERM", "EROFS"]);

/** A fault of the file system as what a person can do about it; undefined for any other. */
export function findDiskError(error: unknown, folder: string): AppError | undefined {
  // A connection's fault has a syscall, too, and stands below the client's own error.
  if (!(error instanceof Error && "code" in error && "syscall" in error)) return undefined;
  const code = String(error.code);
  const place = "path" in error ? String(error.path) : folder;
  if (FULL.has(code)) {
    const words = code === "EFBIG" ? "takes no file that long" : "is full";
    return new AppError("unavailable", {
      message: `The disk of ${folder} ${words} (${code}). What has arrived is kept: make room and run the same again.`,
      cause: error,
    });
  }
  if (CLOSED.has(code)) {
    return new AppError("forbidden", {
      message: `This user may not write ${place} (${code}). Change its owner, or choose another folder with --to or PARLEY_MODELS.`,
      cause: error,
    });
  }
  return new AppError("unavailable", {
    message: `${place} cannot be written: ${error.message}. Look at the folder, or choose another with --to or PARLEY_MODELS.`,
    cause: error,
  });
}
