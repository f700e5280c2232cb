/** What the process and its thread that computes boards say to each other. */

export type ThreadCall =
  | { type: "call"; callId: number; ask: { what: "compute"; key: string } | { what: "list-keys" } }
  | { type: "abort"; callId: number };

export type ThreadReply =
  | { callId: number; value: unknown }
  | { callId: number; error: { message: string; code: string | undefined } };
