CREATE TABLE "battles" (
	"id" uuid PRIMARY KEY NOT NULL,
	"conversation_id" uuid NOT NULL,
	"conversation_kind" text GENERATED ALWAYS AS ('battle') STORED,
	"model_a_id" uuid NOT NULL,
	"model_b_id" uuid NOT NULL,
	"pair_probability" double precision NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "battles_conversationId_unique" UNIQUE("conversation_id"),
	CONSTRAINT "battles_id_conversation" UNIQUE("id","conversation_id"),
	CONSTRAINT "battles_two_models" CHECK ("battles"."model_a_id" <> "battles"."model_b_id"),
	CONSTRAINT "battles_probability" CHECK ("battles"."pair_probability" > 0 and "battles"."pair_probability" <= 1)
);
--> statement-breakpoint
CREATE TABLE "votes" (
	"id" uuid PRIMARY KEY NOT NULL,
	"battle_id" uuid NOT NULL,
	"conversation_id" uuid NOT NULL,
	"visitor_id" uuid NOT NULL,
	"answer_a_id" uuid NOT NULL,
	"answer_b_id" uuid NOT NULL,
	"side_a" text GENERATED ALWAYS AS ('a') STORED,
	"side_b" text GENERATED ALWAYS AS ('b') STORED,
	"answers_settled" boolean GENERATED ALWAYS AS (true) STORED,
	"outcome" text NOT NULL,
	"counted" boolean NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "votes_one_a_turn" UNIQUE("answer_a_id","answer_b_id"),
	CONSTRAINT "votes_outcome" CHECK ("votes"."outcome" in ('a', 'b', 'tie', 'both-bad'))
);
--> statement-breakpoint
CREATE TABLE "conversations" (
	"id" uuid PRIMARY KEY NOT NULL,
	"visitor_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"model_id" uuid,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "conversations_owner" UNIQUE("id","visitor_id"),
	CONSTRAINT "conversations_id_kind" UNIQUE("id","kind"),
	CONSTRAINT "conversations_kind" CHECK ("conversations"."kind" in ('battle', 'chat')),
	CONSTRAINT "conversations_model" CHECK (("conversations"."kind" = 'chat') = ("conversations"."model_id" is not null))
);
--> statement-breakpoint
CREATE TABLE "messages" (
	"id" uuid PRIMARY KEY NOT NULL,
	"conversation_id" uuid NOT NULL,
	"parent_id" uuid,
	"role" text NOT NULL,
	"content" text DEFAULT '' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"side" text,
	"status" text,
	"model_id" uuid,
	"model_build" text,
	"worker_id" uuid,
	"parameters" jsonb,
	"seed" bigint,
	"prompt_tokens" integer,
	"completion_tokens" integer,
	"first_token_ms" double precision,
	"duration_ms" double precision,
	"finish_reason" text,
	"error_code" text,
	"error_message" text,
	"settled" boolean GENERATED ALWAYS AS (coalesce(status in ('complete', 'stopped'), false)) STORED,
	CONSTRAINT "messages_votable" UNIQUE("id","conversation_id","side","settled"),
	CONSTRAINT "messages_in_conversation" UNIQUE("id","conversation_id"),
	CONSTRAINT "messages_role" CHECK ("messages"."role" in ('user', 'assistant')),
	CONSTRAINT "messages_side" CHECK ("messages"."side" is null or "messages"."side" in ('a', 'b')),
	CONSTRAINT "messages_status" CHECK ("messages"."status" is null or "messages"."status" in ('streaming', 'complete', 'stopped', 'failed')),
	CONSTRAINT "messages_answer" CHECK (("messages"."role" = 'assistant') = ("messages"."status" is not null and "messages"."model_id" is not null and "messages"."parent_id" is not null)),
	CONSTRAINT "messages_prompt" CHECK ("messages"."role" = 'assistant' or ("messages"."side" is null and "messages"."content" <> '')),
	CONSTRAINT "messages_complete" CHECK ("messages"."status" is distinct from 'complete' or ("messages"."model_build" is not null and "messages"."worker_id" is not null and "messages"."parameters" is not null and "messages"."seed" is not null and "messages"."prompt_tokens" is not null and "messages"."completion_tokens" is not null and "messages"."first_token_ms" is not null and "messages"."duration_ms" is not null and "messages"."finish_reason" is not null)),
	CONSTRAINT "messages_failed" CHECK (("messages"."status" is not distinct from 'failed') = ("messages"."error_code" is not null))
);
--> statement-breakpoint
CREATE TABLE "visitors" (
	"id" uuid PRIMARY KEY NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "models" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"description" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "models_name_unique" UNIQUE("name")
);
--> statement-breakpoint
CREATE TABLE "rating_entries" (
	"snapshot_id" uuid NOT NULL,
	"model_id" uuid NOT NULL,
	"status" text NOT NULL,
	"rating" double precision,
	"lower" double precision,
	"upper" double precision,
	"rank" integer,
	"votes" integer NOT NULL,
	"wins" integer NOT NULL,
	"losses" integer NOT NULL,
	"ties" integer NOT NULL,
	CONSTRAINT "rating_entries_snapshot_id_model_id_pk" PRIMARY KEY("snapshot_id","model_id"),
	CONSTRAINT "rating_entries_rated" CHECK (("rating_entries"."status" = 'rated') = ("rating_entries"."rating" is not null and "rating_entries"."lower" is not null and "rating_entries"."upper" is not null and "rating_entries"."rank" is not null)),
	CONSTRAINT "rating_entries_interval" CHECK ("rating_entries"."rating" is null or ("rating_entries"."lower" <= "rating_entries"."rating" and "rating_entries"."rating" <= "rating_entries"."upper")),
	CONSTRAINT "rating_entries_finite" CHECK ("rating_entries"."rating" is null or ("rating_entries"."rating" <> 'NaN' and abs("rating_entries"."rating") < 1e6))
);
--> statement-breakpoint
CREATE TABLE "rating_snapshots" (
	"id" uuid PRIMARY KEY NOT NULL,
	"method" text NOT NULL,
	"vote_count" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "worker_models" (
	"worker_id" uuid NOT NULL,
	"model_id" uuid NOT NULL,
	"build" text NOT NULL,
	"context_length" integer NOT NULL,
	"features" text[] NOT NULL,
	CONSTRAINT "worker_models_worker_id_model_id_pk" PRIMARY KEY("worker_id","model_id"),
	CONSTRAINT "worker_models_context" CHECK ("worker_models"."context_length" > 0)
);
--> statement-breakpoint
CREATE TABLE "workers" (
	"id" uuid PRIMARY KEY NOT NULL,
	"instance_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"name" text NOT NULL,
	"version" text NOT NULL,
	"address" text NOT NULL,
	"slots" integer NOT NULL,
	"waiting_max" integer NOT NULL,
	"state" text NOT NULL,
	"load" jsonb NOT NULL,
	"registered_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_heartbeat_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "workers_instanceId_unique" UNIQUE("instance_id"),
	CONSTRAINT "workers_state" CHECK ("workers"."state" in ('ready', 'draining', 'lost', 'left')),
	CONSTRAINT "workers_slots" CHECK ("workers"."slots" > 0 and "workers"."waiting_max" >= 0)
);
--> statement-breakpoint
ALTER TABLE "battles" ADD CONSTRAINT "battles_model_a_id_models_id_fk" FOREIGN KEY ("model_a_id") REFERENCES "public"."models"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "battles" ADD CONSTRAINT "battles_model_b_id_models_id_fk" FOREIGN KEY ("model_b_id") REFERENCES "public"."models"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "battles" ADD CONSTRAINT "battles_conversation" FOREIGN KEY ("conversation_id","conversation_kind") REFERENCES "public"."conversations"("id","kind") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "votes" ADD CONSTRAINT "votes_battle" FOREIGN KEY ("battle_id","conversation_id") REFERENCES "public"."battles"("id","conversation_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "votes" ADD CONSTRAINT "votes_visitor" FOREIGN KEY ("conversation_id","visitor_id") REFERENCES "public"."conversations"("id","visitor_id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "votes" ADD CONSTRAINT "votes_answer_a" FOREIGN KEY ("answer_a_id","conversation_id","side_a","answers_settled") REFERENCES "public"."messages"("id","conversation_id","side","settled") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "votes" ADD CONSTRAINT "votes_answer_b" FOREIGN KEY ("answer_b_id","conversation_id","side_b","answers_settled") REFERENCES "public"."messages"("id","conversation_id","side","settled") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "conversations" ADD CONSTRAINT "conversations_visitor_id_visitors_id_fk" FOREIGN KEY ("visitor_id") REFERENCES "public"."visitors"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "conversations" ADD CONSTRAINT "conversations_model_id_models_id_fk" FOREIGN KEY ("model_id") REFERENCES "public"."models"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "messages" ADD CONSTRAINT "messages_conversation_id_conversations_id_fk" FOREIGN KEY ("conversation_id") REFERENCES "public"."conversations"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "messages" ADD CONSTRAINT "messages_model_id_models_id_fk" FOREIGN KEY ("model_id") REFERENCES "public"."models"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "messages" ADD CONSTRAINT "messages_worker_id_workers_id_fk" FOREIGN KEY ("worker_id") REFERENCES "public"."workers"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "messages" ADD CONSTRAINT "messages_parent_in_conversation" FOREIGN KEY ("parent_id","conversation_id") REFERENCES "public"."messages"("id","conversation_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rating_entries" ADD CONSTRAINT "rating_entries_snapshot_id_rating_snapshots_id_fk" FOREIGN KEY ("snapshot_id") REFERENCES "public"."rating_snapshots"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rating_entries" ADD CONSTRAINT "rating_entries_model_id_models_id_fk" FOREIGN KEY ("model_id") REFERENCES "public"."models"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "worker_models" ADD CONSTRAINT "worker_models_worker_id_workers_id_fk" FOREIGN KEY ("worker_id") REFERENCES "public"."workers"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "worker_models" ADD CONSTRAINT "worker_models_model_id_models_id_fk" FOREIGN KEY ("model_id") REFERENCES "public"."models"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "votes_one_counted" ON "votes" USING btree ("battle_id") WHERE "votes"."counted";--> statement-breakpoint
CREATE INDEX "votes_counted" ON "votes" USING btree ("created_at") WHERE "votes"."counted";--> statement-breakpoint
CREATE INDEX "conversations_by_visitor" ON "conversations" USING btree ("visitor_id","updated_at");--> statement-breakpoint
CREATE UNIQUE INDEX "messages_one_answer_a_side" ON "messages" USING btree ("parent_id","side") WHERE "messages"."side" is not null and "messages"."status" <> 'failed';--> statement-breakpoint
CREATE INDEX "messages_by_conversation" ON "messages" USING btree ("conversation_id","id");--> statement-breakpoint
CREATE INDEX "messages_streaming" ON "messages" USING btree ("updated_at") WHERE "messages"."status" = 'streaming';