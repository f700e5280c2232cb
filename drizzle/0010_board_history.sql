-- Of each day the last board stayed: what it said is the beginning of the overall board's history.
INSERT INTO "board_days" ("key", "model_id", "day", "rating", "lower", "upper", "rank", "votes")
SELECT DISTINCT ON ("e"."model_id", ("s"."created_at" AT TIME ZONE 'UTC')::date)
  'overall@all', "e"."model_id", ("s"."created_at" AT TIME ZONE 'UTC')::date,
  "e"."rating", "e"."lower", "e"."upper", "e"."rank", "e"."votes"
FROM "rating_entries" AS "e" JOIN "rating_snapshots" AS "s" ON "s"."id" = "e"."snapshot_id"
WHERE "e"."status" = 'rated'
ORDER BY "e"."model_id", ("s"."created_at" AT TIME ZONE 'UTC')::date, "s"."created_at" DESC
ON CONFLICT DO NOTHING;--> statement-breakpoint
DROP TABLE "rating_entries" CASCADE;--> statement-breakpoint
DROP TABLE "rating_snapshots" CASCADE;
