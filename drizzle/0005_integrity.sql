CREATE TABLE "tallies" (
	"subject" text NOT NULL,
	"what" text NOT NULL,
	"starts_at" timestamp with time zone NOT NULL,
	"count" integer NOT NULL,
	CONSTRAINT "tallies_subject_starts_at_what_pk" PRIMARY KEY("subject","starts_at","what")
);
--> statement-breakpoint
ALTER TABLE "models" ADD COLUMN "withdrawn_at" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "tallies_by_start" ON "tallies" USING btree ("starts_at");--> statement-breakpoint
CREATE INDEX "reviews_by_visitor" ON "reviews" USING btree ("visitor_id");--> statement-breakpoint
CREATE UNIQUE INDEX "reviews_one_open_anomaly" ON "reviews" USING btree ("visitor_id") WHERE "reviews"."kind" = 'anomaly' and "reviews"."state" = 'open';