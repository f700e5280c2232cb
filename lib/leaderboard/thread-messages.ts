import type { BoardHead } from "@/lib/vote-files/board-file";

/** What the process and its thread that computes boards say to each other. */

export type ThreadAsk =
  | { what: "compute"; key: string }
  | { what: "list-keys" }
  /** A frozen board from a file of its votes. */
  | { what: "compute-file"; path: string; head: BoardHead };

export type ThreadCall =
  | { type: "call"; callId: number; ask: ThreadAsk }
  | { type: "abort"; callId: number };

export type ThreadReply =
  | { callId: number; value: unknown }
  | { callId: number; error: { message: string; code: string | undefined } };
