import { ChangeFeed } from "@/lib/db/change-feed";
import { databaseUrl, openDatabase } from "@/lib/db/client";
import { Jobs } from "@/lib/jobs/jobs";
import { BoardWorker } from "../board-worker";
import { Leaderboard } from "../leaderboard";

/** A process that computes boards as the web process does, in threads, and does nothing else. */
const { db } = openDatabase(databaseUrl(), { connectionsMax: 5 });
const feed = new ChangeFeed(databaseUrl());
const jobs = new Jobs({ db, feed });
new Leaderboard({ db, feed, jobs, computer: new BoardWorker() }).start();
jobs.start();
// Its timers hold no process up, as the web process is held up by its server.
setInterval(() => {}, 1_000);
