import type { Command } from "commander";
import type { Terminal } from "../terminal";
import { addLeaderboardExport } from "./leaderboard/export";
import { addLeaderboardImport } from "./leaderboard/import";
import { addLeaderboardLabel } from "./leaderboard/label";
import { addLeaderboardList } from "./leaderboard/list";
import { addLeaderboardPublish } from "./leaderboard/publish";
import { addLeaderboardRemove } from "./leaderboard/remove";
import { addLeaderboardReproduce } from "./leaderboard/reproduce";
import { addLeaderboardTopics } from "./leaderboard/topics";

/** Votes in and out, and boards that do not change any more. */
export function addLeaderboardCommand(program: Command, terminal: Terminal): void {
  const leaderboard = program
    .command("leaderboard")
    .description("Move votes in and out; publish boards, and compute them again.");
  addLeaderboardExport(leaderboard, terminal);
  addLeaderboardImport(leaderboard, terminal);
  addLeaderboardPublish(leaderboard, terminal);
  addLeaderboardList(leaderboard, terminal);
  addLeaderboardReproduce(leaderboard, terminal);
  addLeaderboardRemove(leaderboard, terminal);
  addLeaderboardLabel(leaderboard, terminal);
  addLeaderboardTopics(leaderboard, terminal);
}
