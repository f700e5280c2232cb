CREATE TABLE "board_days" (
	"key" text NOT NULL,
	"model_id" uuid NOT NULL,
	"day" date NOT NULL,
	"rating" double precision NOT NULL,
	"lower" double precision NOT NULL,
	"upper" double precision NOT NULL,
	"rank" integer NOT NULL,
	"votes" integer NOT NULL,
	CONSTRAINT "board_days_key_model_id_day_pk" PRIMARY KEY("key","model_id","day"),
	CONSTRAINT "board_days_interval" CHECK ("board_days"."lower" <= "board_days"."rating" and "board_days"."rating" <= "board_days"."upper" and abs("board_days"."rating") < 1e6)
);
--> statement-breakpoint
CREATE TABLE "board_runs" (
	"id" uuid PRIMARY KEY NOT NULL,
	"keys" text[],
	"state" text NOT NULL,
	"boards_done" integer DEFAULT 0 NOT NULL,
	"boards_total" integer NOT NULL,
	"error" text,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "board_runs_state" CHECK ("board_runs"."state" in ('running', 'done', 'failed'))
);
--> statement-breakpoint
CREATE TABLE "boards" (
	"key" text PRIMARY KEY NOT NULL,
	"method" text NOT NULL,
	"vote_count" integer NOT NULL,
	"fingerprint" text NOT NULL,
	"body" jsonb NOT NULL,
	"pairs" jsonb NOT NULL,
	"computed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"requested_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "model_ledger" (
	"id" uuid PRIMARY KEY NOT NULL,
	"model_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"facts" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "model_ledger_kind" CHECK ("model_ledger"."kind" in ('registered', 'first-battle', 'made-private', 'made-public', 'withdrawn', 'restored', 'retired', 'returned'))
);
--> statement-breakpoint
CREATE TABLE "model_speeds" (
	"model" text PRIMARY KEY NOT NULL,
	"first_token_ms" double precision,
	"tokens_per_second" double precision,
	"answers" integer NOT NULL,
	"computed_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "published_boards" (
	"id" text PRIMARY KEY NOT NULL,
	"title" text NOT NULL,
	"key" text NOT NULL,
	"options" jsonb NOT NULL,
	"snapshot_hash" text NOT NULL,
	"code_version" text NOT NULL,
	"body" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "site_days" (
	"day" date NOT NULL,
	"what" text NOT NULL,
	"count" integer NOT NULL,
	CONSTRAINT "site_days_day_what_pk" PRIMARY KEY("day","what")
);
--> statement-breakpoint
CREATE TABLE "vote_snapshot_parts" (
	"hash" text NOT NULL,
	"part" integer NOT NULL,
	"content" "bytea" NOT NULL,
	CONSTRAINT "vote_snapshot_parts_hash_part_pk" PRIMARY KEY("hash","part")
);
--> statement-breakpoint
CREATE TABLE "vote_snapshots" (
	"hash" text PRIMARY KEY NOT NULL,
	"vote_count" integer NOT NULL,
	"byte_count" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "topic_prompts" (
	"topic_id" uuid NOT NULL,
	"message_id" uuid NOT NULL,
	"text" text NOT NULL,
	"language" text,
	"place" integer NOT NULL,
	CONSTRAINT "topic_prompts_topic_id_message_id_pk" PRIMARY KEY("topic_id","message_id")
);
--> statement-breakpoint
CREATE TABLE "topic_runs" (
	"id" uuid PRIMARY KEY NOT NULL,
	"method" text NOT NULL,
	"prompts" integer NOT NULL,
	"state" text NOT NULL,
	"error" text,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "topic_runs_state" CHECK ("topic_runs"."state" in ('running', 'done', 'failed'))
);
--> statement-breakpoint
CREATE TABLE "topics" (
	"id" uuid PRIMARY KEY NOT NULL,
	"run_id" uuid NOT NULL,
	"parent_id" uuid,
	"name" text NOT NULL,
	"terms" text[] NOT NULL,
	"prompts" integer NOT NULL,
	"votes" integer NOT NULL,
	"board" jsonb
);
--> statement-breakpoint
ALTER TABLE "ballots" ADD COLUMN "labels" text[];--> statement-breakpoint
ALTER TABLE "ballots" ADD COLUMN "changed_in" "xid8" DEFAULT pg_current_xact_id() NOT NULL;--> statement-breakpoint
ALTER TABLE "models" ADD COLUMN "retired_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "models" ADD COLUMN "last_offered_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "board_days" ADD CONSTRAINT "board_days_model_id_models_id_fk" FOREIGN KEY ("model_id") REFERENCES "public"."models"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "model_ledger" ADD CONSTRAINT "model_ledger_model_id_models_id_fk" FOREIGN KEY ("model_id") REFERENCES "public"."models"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "published_boards" ADD CONSTRAINT "published_boards_snapshot_hash_vote_snapshots_hash_fk" FOREIGN KEY ("snapshot_hash") REFERENCES "public"."vote_snapshots"("hash") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "vote_snapshot_parts" ADD CONSTRAINT "vote_snapshot_parts_hash_vote_snapshots_hash_fk" FOREIGN KEY ("hash") REFERENCES "public"."vote_snapshots"("hash") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "topic_prompts" ADD CONSTRAINT "topic_prompts_topic_id_topics_id_fk" FOREIGN KEY ("topic_id") REFERENCES "public"."topics"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "topic_prompts" ADD CONSTRAINT "topic_prompts_message_id_messages_id_fk" FOREIGN KEY ("message_id") REFERENCES "public"."messages"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "topics" ADD CONSTRAINT "topics_run_id_topic_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."topic_runs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "board_days_by_day" ON "board_days" USING btree ("key","day");--> statement-breakpoint
CREATE INDEX "board_runs_by_start" ON "board_runs" USING btree ("started_at");--> statement-breakpoint
CREATE INDEX "model_ledger_by_model" ON "model_ledger" USING btree ("model_id","created_at");--> statement-breakpoint
CREATE INDEX "published_boards_by_creation" ON "published_boards" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "topic_prompts_by_message" ON "topic_prompts" USING btree ("message_id");--> statement-breakpoint
CREATE INDEX "topics_by_run" ON "topics" USING btree ("run_id","prompts");--> statement-breakpoint
CREATE INDEX "ballots_by_change" ON "ballots" USING btree ("changed_in");--> statement-breakpoint
CREATE FUNCTION "mark_ballot_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW."changed_in" := pg_current_xact_id();
  RETURN NEW;
END;
$$;--> statement-breakpoint
CREATE TRIGGER "ballots_mark_change" BEFORE UPDATE ON "ballots" FOR EACH ROW EXECUTE FUNCTION "mark_ballot_change"();--> statement-breakpoint
CREATE FUNCTION "refuse_ledger_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'model_ledger is append-only';
END;
$$;--> statement-breakpoint
CREATE TRIGGER "model_ledger_append_only" BEFORE UPDATE OR DELETE ON "model_ledger" FOR EACH ROW EXECUTE FUNCTION "refuse_ledger_change"();--> statement-breakpoint
CREATE TRIGGER "model_ledger_no_truncate" BEFORE TRUNCATE ON "model_ledger" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_ledger_change"();--> statement-breakpoint
CREATE FUNCTION "enter_new_model"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "model_ledger" ("id", "model_id", "kind", "created_at")
  VALUES (gen_random_uuid(), NEW."id", 'registered', NEW."created_at");
  RETURN NULL;
END;
$$;--> statement-breakpoint
CREATE TRIGGER "models_enter_new" AFTER INSERT ON "models" FOR EACH ROW EXECUTE FUNCTION "enter_new_model"();--> statement-breakpoint
INSERT INTO "model_ledger" ("id", "model_id", "kind", "created_at") SELECT gen_random_uuid(), "id", 'registered', "created_at" FROM "models";--> statement-breakpoint
INSERT INTO "model_ledger" ("id", "model_id", "kind", "created_at")
SELECT gen_random_uuid(), "model_id", 'first-battle', min("created_at") FROM (
  SELECT "model_a_id" AS "model_id", "created_at" FROM "ballots"
  UNION ALL
  SELECT "model_b_id", "created_at" FROM "ballots"
) AS "met" GROUP BY "model_id";--> statement-breakpoint
INSERT INTO "model_ledger" ("id", "model_id", "kind", "created_at") SELECT gen_random_uuid(), "id", 'withdrawn', "withdrawn_at" FROM "models" WHERE "withdrawn_at" IS NOT NULL;
