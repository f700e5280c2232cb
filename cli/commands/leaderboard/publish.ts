import type { Command } from "commander";
import { createBoardId, publishBoard } from "@/lib/leaderboard/publish-board";
import { boardKeyText } from "@/lib/protocol/board-key";
import { boardKeySchema } from "@/lib/protocol/board-key-schema";
import { publishBodySchema } from "@/lib/protocol/published-view";
import { withDatabase } from "../../open-database";
import { parseFlags } from "../../parse-flags";
import type { Terminal } from "../../terminal";

type Flags = {
  title?: string;
  category: string;
  language?: string;
  style?: true;
  period: string;
  json?: true;
};

const HELP = `
The board and the votes that it was computed from never change afterwards; anyone can compute it again
from them. A period that moves becomes the days that it means now. The public log tells of it.

Examples:
  npx parley leaderboard publish --title "Autumn 2026"
  npx parley leaderboard publish --category coding --style --period 90d
  npx parley leaderboard publish --language de --period 2026-01-01..2026-03-31 --json

Exit codes: 0 published, 1 not (nothing was stored).
`;

export function addLeaderboardPublish(leaderboard: Command, terminal: Terminal): void {
  leaderboard
    .command("publish")
    .description("Freeze a board with the votes of this moment, for anyone to check.")
    .option("--title <text>", "what it is called; the board's own name unless told")
    .option("--category <name>", "such as coding", "overall")
    .option("--language <code>", "only votes on prompts in it, such as de")
    .option("--style", "with length and markdown taken out")
    .option("--period <days>", "all, 90d, 30d, or two days such as 2026-01-01..2026-03-31", "all")
    .option("--json", "one JSON object")
    .addHelpText("after", HELP)
    .action(async ({ json, title, ...flags }: Flags) => {
      const language = flags.language ?? null;
      const key = parseFlags(boardKeySchema, { ...flags, language, style: flags.style ?? false });
      const asked = { title: title ?? boardKeyText(key), ...key };
      const { title: name } = parseFlags(publishBodySchema, asked);
      const publication = { id: createBoardId(), title: name, key };
      let told = 0;
      const onProgress = (done: number, total: number) => {
        const share = Math.floor((10 * done) / Math.max(1, total));
        if (share === told) return;
        told = share;
        terminal.writeError(`${done} of ${total} votes stored\n`);
      };
      const made = await withDatabase(terminal.root, (db) =>
        publishBoard(db, publication, { onProgress: json ? undefined : onProgress }),
      );
      if (json) return terminal.write(`${JSON.stringify({ ...made, title: name })}\n`);
      terminal.write(
        `Published as ${made.id}: ${made.key}, from ${made.boardVotes} of ${made.voteCount} votes.\n` +
          `Votes: SHA-256 ${made.hash}\nCode: ${made.codeVersion}\n` +
          `Anyone computes it again: npx parley leaderboard reproduce ${made.id} --base-url <this server's address>\n`,
      );
    });
}
