import { join } from "node:path";

/** Both threads are one program, which is told which of them it is. */
export const FIT_ROLE = "fit";

/** scripts/bundle.mjs makes it of board-thread.ts. */
export const threadPath = () =>
  join(/* turbopackIgnore: true */ process.cwd(), "dist", "board-thread.mjs");
