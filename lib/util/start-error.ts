/** Exit codes of our processes that say "starting again would not help"; sysexits.h has the numbers. */
export const EXIT_CODES = {
  /** Anything a person must change first: configuration, a permission, a full disk, a taken port. */
  needsPerson: 78,
} as const;

export type StartErrorOptions = {
  /** What is wrong, in one sentence. */
  message: string;
  /** What the person at the terminal can do about it, in one sentence. */
  remedy: string;
  cause?: unknown;
};

/** A start that cannot go on until a person changes something. Printed as one line, never with a stack. */
export class StartError extends Error {
  readonly remedy: string;

  constructor(options: StartErrorOptions) {
    super(options.message, { cause: options.cause });
    this.name = "StartError";
    this.remedy = options.remedy;
  }

  /** The one line. */
  get line(): string {
    return `${this.message} ${this.remedy}`.trim();
  }
}

/** A file error as what a person can do about it; undefined when it says nothing of that kind. */
export function toStartError(error: unknown, path: string): StartError | undefined {
  if (error instanceof StartError) return error;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return new StartError({
        message: `The disk that holds ${path} is full.`,
        remedy: "Free some space (1 GB is plenty) or set PARLEY_DATA_DIR to a folder elsewhere.",
        cause: error,
      });
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new StartError({
        message: `This user may not write to ${path}.`,
        remedy: "Change the owner of that folder or set PARLEY_DATA_DIR to one you can write to.",
        cause: error,
      });
    case "ENOTDIR":
    case "EEXIST":
      return new StartError({
        message: `${path} cannot be a folder: a part of that path is a file.`,
        remedy: "Set PARLEY_DATA_DIR to a folder.",
        cause: error,
      });
    default:
      return undefined;
  }
}
