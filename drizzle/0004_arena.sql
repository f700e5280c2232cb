CREATE TABLE "arena_settings" (
	"id" uuid PRIMARY KEY NOT NULL,
	"settings" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "marks" (
	"message_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"note" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "marks_message_id_kind_pk" PRIMARY KEY("message_id","kind"),
	CONSTRAINT "marks_kind" CHECK ("marks"."kind" in ('up', 'down', 'flag'))
);
--> statement-breakpoint
CREATE TABLE "reviews" (
	"id" uuid PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"state" text DEFAULT 'open' NOT NULL,
	"visitor_id" uuid,
	"conversation_id" uuid,
	"message_id" uuid,
	"evidence" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"decided_at" timestamp with time zone,
	CONSTRAINT "reviews_kind" CHECK ("reviews"."kind" in ('anomaly', 'moderation', 'flag')),
	CONSTRAINT "reviews_state" CHECK ("reviews"."state" in ('open', 'dismissed', 'upheld'))
);
--> statement-breakpoint
CREATE TABLE "shares" (
	"id" text PRIMARY KEY NOT NULL,
	"conversation_id" uuid NOT NULL,
	"visitor_id" uuid NOT NULL,
	"content" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revoked_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "ballots" (
	"id" uuid PRIMARY KEY NOT NULL,
	"voter" uuid NOT NULL,
	"model_a_id" uuid NOT NULL,
	"model_b_id" uuid NOT NULL,
	"outcome" text NOT NULL,
	"pair_probability" double precision NOT NULL,
	"turn" integer NOT NULL,
	"counted" boolean NOT NULL,
	"uncounted_reason" text,
	"language" text,
	"facts" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "ballots_outcome" CHECK ("ballots"."outcome" in ('a', 'b', 'tie', 'both-bad')),
	CONSTRAINT "ballots_two_models" CHECK ("ballots"."model_a_id" <> "ballots"."model_b_id"),
	CONSTRAINT "ballots_probability" CHECK ("ballots"."pair_probability" > 0 and "ballots"."pair_probability" <= 1),
	CONSTRAINT "ballots_counted" CHECK ("ballots"."counted" = ("ballots"."uncounted_reason" is null))
);
--> statement-breakpoint
CREATE TABLE "public_log" (
	"id" uuid PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"message" text NOT NULL,
	"ballots" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "public_log_kind" CHECK ("public_log"."kind" in ('visitor-excluded', 'visitor-restored', 'model-withdrawn', 'model-restored', 'rules-changed'))
);
--> statement-breakpoint
CREATE TABLE "replacements" (
	"id" uuid PRIMARY KEY NOT NULL,
	"battle_id" uuid NOT NULL,
	"side" text NOT NULL,
	"failed_model_id" uuid NOT NULL,
	"reserve_model_id" uuid NOT NULL,
	"error_code" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "replacements_side" CHECK ("replacements"."side" in ('a', 'b'))
);
--> statement-breakpoint
ALTER TABLE "battles" DROP CONSTRAINT "battles_two_models";--> statement-breakpoint
ALTER TABLE "conversations" DROP CONSTRAINT "conversations_kind";--> statement-breakpoint
DROP INDEX "votes_one_counted";--> statement-breakpoint
DROP INDEX "votes_counted";--> statement-breakpoint
DROP INDEX "messages_one_answer_a_side";--> statement-breakpoint
ALTER TABLE "battles" ALTER COLUMN "conversation_kind" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "battles" ALTER COLUMN "conversation_kind" DROP EXPRESSION;--> statement-breakpoint
ALTER TABLE "battles" ALTER COLUMN "pair_probability" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "battles" ADD COLUMN "draw_method" text;--> statement-breakpoint
ALTER TABLE "votes" RENAME COLUMN "counted" TO "blind";--> statement-breakpoint
ALTER TABLE "votes" ADD COLUMN "reasons" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "votes" ADD COLUMN "standings" jsonb;--> statement-breakpoint
ALTER TABLE "conversations" ADD COLUMN "title" text;--> statement-breakpoint
ALTER TABLE "conversations" ADD COLUMN "settings" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "messages" ADD COLUMN "prompt_hash" text;--> statement-breakpoint
ALTER TABLE "messages" ADD COLUMN "search" "tsvector" GENERATED ALWAYS AS (case when status is distinct from 'streaming' then to_tsvector('simple', left(content, 100000)) end) STORED;--> statement-breakpoint
ALTER TABLE "messages" ADD COLUMN "attempt" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "messages" ADD COLUMN "reasoning" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "messages" ADD COLUMN "stop_requested" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "visitors" ADD COLUMN "voter" uuid DEFAULT gen_random_uuid() NOT NULL;--> statement-breakpoint
ALTER TABLE "visitors" ADD COLUMN "standing" text DEFAULT 'ok' NOT NULL;--> statement-breakpoint
ALTER TABLE "visitors" ADD COLUMN "network" text;--> statement-breakpoint
ALTER TABLE "visitors" ADD COLUMN "terms_version" text;--> statement-breakpoint
ALTER TABLE "visitors" ADD COLUMN "terms_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "visitors" ADD COLUMN "human_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "rating_snapshots" ADD COLUMN "fingerprint" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "marks" ADD CONSTRAINT "marks_message_id_messages_id_fk" FOREIGN KEY ("message_id") REFERENCES "public"."messages"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "reviews" ADD CONSTRAINT "reviews_visitor_id_visitors_id_fk" FOREIGN KEY ("visitor_id") REFERENCES "public"."visitors"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "reviews" ADD CONSTRAINT "reviews_conversation_id_conversations_id_fk" FOREIGN KEY ("conversation_id") REFERENCES "public"."conversations"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "reviews" ADD CONSTRAINT "reviews_message_id_messages_id_fk" FOREIGN KEY ("message_id") REFERENCES "public"."messages"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "shares" ADD CONSTRAINT "shares_owner" FOREIGN KEY ("conversation_id","visitor_id") REFERENCES "public"."conversations"("id","visitor_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ballots" ADD CONSTRAINT "ballots_model_a_id_models_id_fk" FOREIGN KEY ("model_a_id") REFERENCES "public"."models"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ballots" ADD CONSTRAINT "ballots_model_b_id_models_id_fk" FOREIGN KEY ("model_b_id") REFERENCES "public"."models"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "replacements" ADD CONSTRAINT "replacements_battle_id_battles_id_fk" FOREIGN KEY ("battle_id") REFERENCES "public"."battles"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "replacements" ADD CONSTRAINT "replacements_failed_model_id_models_id_fk" FOREIGN KEY ("failed_model_id") REFERENCES "public"."models"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "replacements" ADD CONSTRAINT "replacements_reserve_model_id_models_id_fk" FOREIGN KEY ("reserve_model_id") REFERENCES "public"."models"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "reviews_by_state" ON "reviews" USING btree ("state","created_at");--> statement-breakpoint
CREATE INDEX "shares_by_conversation" ON "shares" USING btree ("conversation_id");--> statement-breakpoint
CREATE INDEX "ballots_counted_at" ON "ballots" USING btree ("created_at") WHERE "ballots"."counted";--> statement-breakpoint
CREATE INDEX "ballots_by_voter" ON "ballots" USING btree ("voter","created_at");--> statement-breakpoint
CREATE INDEX "replacements_by_model" ON "replacements" USING btree ("failed_model_id","created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "votes_one_blind" ON "votes" USING btree ("battle_id") WHERE "votes"."blind";--> statement-breakpoint
CREATE INDEX "votes_by_visitor" ON "votes" USING btree ("visitor_id","created_at");--> statement-breakpoint
CREATE INDEX "messages_search" ON "messages" USING gin ("search");--> statement-breakpoint
CREATE INDEX "messages_by_prompt_hash" ON "messages" USING btree ("prompt_hash") WHERE "messages"."prompt_hash" is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "messages_one_answer_a_side" ON "messages" USING btree ("parent_id","side","attempt") WHERE "messages"."side" is not null and "messages"."status" <> 'failed';--> statement-breakpoint
UPDATE "battles" SET "draw_method" = 'uniform';--> statement-breakpoint
INSERT INTO "ballots" ("id", "voter", "model_a_id", "model_b_id", "outcome", "pair_probability", "turn", "counted", "created_at")
SELECT v."id", w."voter", b."model_a_id", b."model_b_id", v."outcome", b."pair_probability",
	(SELECT count(*) FROM "messages" m WHERE m."conversation_id" = v."conversation_id" AND m."role" = 'user' AND m."created_at" <= v."created_at"),
	true, v."created_at"
FROM "votes" v JOIN "battles" b ON b."id" = v."battle_id" JOIN "visitors" w ON w."id" = v."visitor_id" WHERE v."blind";--> statement-breakpoint
ALTER TABLE "visitors" ADD CONSTRAINT "visitors_voter_unique" UNIQUE("voter");--> statement-breakpoint
ALTER TABLE "battles" ADD CONSTRAINT "battles_kind" CHECK ("battles"."conversation_kind" in ('battle', 'compare'));--> statement-breakpoint
ALTER TABLE "battles" ADD CONSTRAINT "battles_drawn" CHECK (("battles"."conversation_kind" = 'battle') = ("battles"."pair_probability" is not null) and ("battles"."pair_probability" is null) = ("battles"."draw_method" is null));--> statement-breakpoint
ALTER TABLE "battles" ADD CONSTRAINT "battles_draw_method" CHECK ("battles"."draw_method" in ('uniform', 'weighted', 'active'));--> statement-breakpoint
ALTER TABLE "battles" ADD CONSTRAINT "battles_two_models" CHECK ("battles"."conversation_kind" = 'compare' or "battles"."model_a_id" <> "battles"."model_b_id");--> statement-breakpoint
ALTER TABLE "conversations" ADD CONSTRAINT "conversations_kind" CHECK ("conversations"."kind" in ('battle', 'compare', 'chat'));--> statement-breakpoint
ALTER TABLE "visitors" ADD CONSTRAINT "visitors_standing" CHECK ("visitors"."standing" in ('ok', 'excluded'));