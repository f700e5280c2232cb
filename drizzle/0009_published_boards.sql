CREATE TABLE "board_publications" (
	"id" uuid PRIMARY KEY NOT NULL,
	"title" text NOT NULL,
	"key" text NOT NULL,
	"state" text NOT NULL,
	"votes_done" integer DEFAULT 0 NOT NULL,
	"votes_total" integer DEFAULT 0 NOT NULL,
	"board_id" text,
	"error" text,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "board_publications_state" CHECK ("board_publications"."state" in ('running', 'done', 'failed'))
);
--> statement-breakpoint
ALTER TABLE "public_log" DROP CONSTRAINT "public_log_kind";--> statement-breakpoint
ALTER TABLE "vote_snapshots" ALTER COLUMN "byte_count" SET DATA TYPE bigint;--> statement-breakpoint
CREATE INDEX "board_publications_by_start" ON "board_publications" USING btree ("started_at");--> statement-breakpoint
ALTER TABLE "public_log" ADD CONSTRAINT "public_log_kind" CHECK ("public_log"."kind" in ('visitor-excluded', 'visitor-restored', 'model-withdrawn', 'model-restored', 'rules-changed', 'board-published', 'board-removed'));