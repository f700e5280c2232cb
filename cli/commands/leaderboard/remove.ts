import type { Command } from "commander";
import { removeBoard } from "@/lib/leaderboard/remove-board";
import { removalBodySchema } from "@/lib/protocol/published-view";
import { withDatabase } from "../../open-database";
import { parseFlags } from "../../parse-flags";
import type { Terminal } from "../../terminal";

export function addLeaderboardRemove(leaderboard: Command, terminal: Terminal): void {
  leaderboard
    .command("remove <id>")
    .description("Take a published board away; the public log says so, with your reason.")
    .requiredOption("--reason <sentence>", "why, for everybody to read")
    .addHelpText(
      "after",
      '\nExample:\n  npx parley leaderboard remove 7k2m9qxw --reason "Published for the wrong period."\n\nExit codes: 0 removed, 1 not.\n',
    )
    .action(async (id: string, flags: { reason: string }) => {
      const { reason } = parseFlags(removalBodySchema, flags);
      await withDatabase(terminal.root, (db) => removeBoard({ id, reason }, db));
      terminal.write(`Removed. The public log says why.\n`);
    });
}
