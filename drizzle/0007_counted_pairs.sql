-- Of reports of one answer the newest stays open.
DELETE FROM "reviews" AS "old" USING "reviews" AS "newer" WHERE "old"."kind" = 'flag' AND "old"."state" = 'open' AND "newer"."kind" = 'flag' AND "newer"."state" = 'open' AND "old"."message_id" = "newer"."message_id" AND "old"."id" < "newer"."id";--> statement-breakpoint
CREATE UNIQUE INDEX "reviews_one_open_flag" ON "reviews" USING btree ("message_id") WHERE "reviews"."kind" = 'flag' and "reviews"."state" = 'open';--> statement-breakpoint
CREATE INDEX "ballots_by_models" ON "ballots" USING btree ("model_a_id","model_b_id") WHERE "ballots"."counted";--> statement-breakpoint
CREATE INDEX "ballots_by_model_b" ON "ballots" USING btree ("model_b_id") WHERE "ballots"."counted";--> statement-breakpoint
CREATE INDEX "messages_by_parent" ON "messages" USING btree ("parent_id","conversation_id") WHERE "messages"."parent_id" is not null;