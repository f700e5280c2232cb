import { StartError } from "@/lib/util/start-error";

/** For programs that read `--json`. */
export type ChatErrorCode =
  | "unreachable"
  | "refused-key"
  | "unknown-model"
  | "rate-limited"
  | "refused"
  | "server-failed"
  | "broken-answer"
  /** Of `--local`. */
  | "unusable-folder";

/** Why there is no answer, and what to do about it. */
export class ChatError extends StartError {
  readonly code: ChatErrorCode;

  constructor(code: ChatErrorCode, message: string, remedy = "", cause?: unknown) {
    super({ message, remedy, cause });
    this.name = "ChatError";
    this.code = code;
  }
}
