import type { Command } from "commander";
import { listPublished } from "@/lib/leaderboard/read-published";
import { withDatabase } from "../../open-database";
import type { Terminal } from "../../terminal";
import { textTable, toMinute } from "../../text-table";

const HELP = `
Example:
  npx parley leaderboard list --json

Exit codes: 0 listed, 1 not (why stands on the standard error), 2 used wrongly.
`;

export function addLeaderboardList(leaderboard: Command, terminal: Terminal): void {
  leaderboard
    .command("list")
    .description("Published boards, the newest first.")
    .option("--json", "one JSON object")
    .addHelpText("after", HELP)
    .action(async ({ json }: { json?: true }) => {
      const boards = await withDatabase(terminal.root, (db) => listPublished(db));
      if (json) return terminal.write(`${JSON.stringify({ boards })}\n`);
      if (boards.length === 0) return terminal.write("No published board.\n");
      const rows = boards.map(({ id, createdAt, key, snapshotVotes, snapshotHash, title }) => [
        ...[id, toMinute(createdAt), key, String(snapshotVotes), snapshotHash.slice(0, 12), title],
      ]);
      terminal.write(
        textTable([["id", "published", "board", "votes", "sha-256", "title"], ...rows]),
      );
    });
}
