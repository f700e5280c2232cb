CREATE TABLE "api_keys" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"prefix" text NOT NULL,
	"hash" text NOT NULL,
	"scopes" text[] NOT NULL,
	"models" text[],
	"limits" jsonb NOT NULL,
	"expires_at" timestamp with time zone,
	"revoked_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_used_at" timestamp with time zone,
	CONSTRAINT "api_keys_hash" UNIQUE("hash"),
	CONSTRAINT "api_keys_name" CHECK ("api_keys"."name" <> '')
);
--> statement-breakpoint
CREATE TABLE "model_aliases" (
	"name" text PRIMARY KEY NOT NULL,
	"definition" jsonb NOT NULL,
	"rollback" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "model_aliases_name" CHECK ("model_aliases"."name" <> '')
);
--> statement-breakpoint
CREATE TABLE "model_settings" (
	"model" text PRIMARY KEY NOT NULL,
	"defaults" jsonb NOT NULL,
	"price" jsonb,
	"limits" jsonb NOT NULL,
	"fallbacks" text[] NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "responses" (
	"id" text PRIMARY KEY NOT NULL,
	"owner" text NOT NULL,
	"status" text NOT NULL,
	"body" jsonb NOT NULL,
	"input" jsonb NOT NULL,
	"output" jsonb NOT NULL,
	"previous_id" text,
	"is_background" boolean NOT NULL,
	"events" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "responses_status" CHECK ("responses"."status" in ('queued', 'in_progress', 'completed', 'incomplete', 'failed', 'cancelled'))
);
--> statement-breakpoint
CREATE TABLE "feedback" (
	"answer_id" uuid NOT NULL,
	"owner" text NOT NULL,
	"endpoint" text NOT NULL,
	"asked" text NOT NULL,
	"model" text,
	"score" real NOT NULL,
	"comment" text,
	"tags" text[] NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "feedback_answer_id_owner_pk" PRIMARY KEY("answer_id","owner"),
	CONSTRAINT "feedback_score" CHECK ("feedback"."score" between -1 and 1)
);
--> statement-breakpoint
CREATE TABLE "usage_days" (
	"day" date NOT NULL,
	"owner" text NOT NULL,
	"model" text NOT NULL,
	"endpoint" text NOT NULL,
	"requests" bigint DEFAULT 0 NOT NULL,
	"failed" bigint DEFAULT 0 NOT NULL,
	"cancelled" bigint DEFAULT 0 NOT NULL,
	"prompt_tokens" bigint DEFAULT 0 NOT NULL,
	"cached_prompt_tokens" bigint DEFAULT 0 NOT NULL,
	"completion_tokens" bigint DEFAULT 0 NOT NULL,
	"cost_nano_dollars" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "usage_days_day_owner_model_endpoint_pk" PRIMARY KEY("day","owner","model","endpoint")
);
--> statement-breakpoint
CREATE TABLE "usage_records" (
	"id" uuid PRIMARY KEY NOT NULL,
	"request_id" text NOT NULL,
	"owner" text NOT NULL,
	"endpoint" text NOT NULL,
	"asked" text NOT NULL,
	"model" text,
	"worker_id" uuid,
	"outcome" text NOT NULL,
	"prompt_tokens" integer DEFAULT 0 NOT NULL,
	"cached_prompt_tokens" integer DEFAULT 0 NOT NULL,
	"completion_tokens" integer DEFAULT 0 NOT NULL,
	"cost_nano_dollars" bigint DEFAULT 0 NOT NULL,
	"first_token_ms" double precision,
	"duration_ms" double precision,
	"started_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "usage_running" (
	"process_id" uuid NOT NULL,
	"subject" text NOT NULL,
	"running" integer NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "usage_running_process_id_subject_pk" PRIMARY KEY("process_id","subject")
);
--> statement-breakpoint
CREATE TABLE "usage_windows" (
	"subject" text NOT NULL,
	"period" text NOT NULL,
	"starts_at" timestamp with time zone NOT NULL,
	"requests" bigint DEFAULT 0 NOT NULL,
	"tokens" bigint DEFAULT 0 NOT NULL,
	"cost_nano_dollars" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "usage_windows_subject_period_starts_at_pk" PRIMARY KEY("subject","period","starts_at"),
	CONSTRAINT "usage_windows_period" CHECK ("usage_windows"."period" in ('minute', 'day', 'month'))
);
--> statement-breakpoint
CREATE INDEX "api_keys_by_creation" ON "api_keys" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "responses_by_owner" ON "responses" USING btree ("owner","created_at");--> statement-breakpoint
CREATE INDEX "responses_by_age" ON "responses" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "responses_open" ON "responses" USING btree ("updated_at") WHERE "responses"."status" in ('queued', 'in_progress');--> statement-breakpoint
CREATE INDEX "feedback_by_model" ON "feedback" USING btree ("model","created_at");--> statement-breakpoint
CREATE INDEX "usage_records_by_start" ON "usage_records" USING btree ("started_at");--> statement-breakpoint
CREATE INDEX "usage_records_by_owner" ON "usage_records" USING btree ("owner","started_at");--> statement-breakpoint
CREATE INDEX "usage_records_running" ON "usage_records" USING btree ("updated_at") WHERE "usage_records"."outcome" = 'running';