import type { BoardHead } from "@/lib/vote-files/board-file";
import type { FitTask } from "./fit-board";

/** What a process and its threads that compute boards say to each other. */

export type ThreadAsk =
  | { what: "compute"; key: string }
  | { what: "list-keys" }
  | { what: "compute-past"; key: string; before: number | undefined }
  /** A frozen board from a file of its votes. */
  | { what: "compute-file"; path: string; head: BoardHead }
  /** What a board says of votes that the asker has picked. */
  | { what: "fit"; task: FitTask };

export type ThreadCall =
  | { type: "call"; callId: number; ask: ThreadAsk }
  | { type: "abort"; callId: number };

export type ThreadReply =
  | { callId: number; value: unknown }
  | { callId: number; error: { message: string; code: string | undefined } };
