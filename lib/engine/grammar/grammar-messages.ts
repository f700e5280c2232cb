import { AppError, type ErrorCode, isAppError, toAppError } from "@/lib/errors";
import type { TokenTable } from "./vocabulary-trie";

/** What an engine's thread and its grammar thread tell each other: one reply for each `open` and `accept`, in order. */

/** `workerData` of a grammar thread. The arrays lie in shared memory, so that a thread that is started again costs no copy. */
export type GrammarThreadData = { table: TokenTable };

/** Shared memory of one answer: a word that is 1 once nobody waits for it any more, then its mask. */
export type MaskBuffer = SharedArrayBuffer;

export type MessageToGrammar =
  | {
      type: "open";
      matcherId: number;
      /** A GrammarSpec as JSON, which is also what its grammar is remembered by. */
      spec: string;
      endTokenIds: readonly number[];
      buffer: MaskBuffer;
      /** Tokens of the answer so far, when it began in a thread that is gone. */
      accepted: readonly number[];
    }
  | { type: "accept"; matcherId: number; id: number }
  | { type: "close"; matcherId: number };

export type MessageFromGrammar =
  | {
      type: "mask";
      matcherId: number;
      /** Tokens accepted when it was made. */
      acceptedCount: number;
      isComplete: boolean;
    }
  | { type: "failure"; matcherId: number; failure: GrammarFailure }
  /** Nobody waits for it any more. */
  | { type: "skipped"; matcherId: number };

/** An AppError between threads: a structured clone keeps neither its class nor its code. */
export type GrammarFailure = {
  code: ErrorCode;
  message: string;
  param: string | undefined;
  /** The stack of what lies beneath, for the log. */
  cause: string | undefined;
};

export function toGrammarFailure(thrown: unknown): GrammarFailure {
  const { code, message, param, cause } = toAppError(thrown);
  const beneath = isAppError(thrown) ? cause : thrown;
  const stack = beneath instanceof Error ? (beneath.stack ?? beneath.message) : undefined;
  return { code, message, param, cause: stack };
}

export function fromGrammarFailure({ code, cause, ...options }: GrammarFailure): AppError {
  return new AppError(code, { ...options, ...(cause ? { cause: new Error(cause) } : {}) });
}
