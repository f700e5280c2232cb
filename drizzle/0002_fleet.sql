CREATE TABLE "installation" (
	"id" uuid PRIMARY KEY NOT NULL,
	"is_only" boolean DEFAULT true NOT NULL,
	CONSTRAINT "installation_only" UNIQUE("is_only"),
	CONSTRAINT "installation_is_only" CHECK ("installation"."is_only")
);
--> statement-breakpoint
CREATE TABLE "worker_tokens" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"hash" text NOT NULL,
	"prefix" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revoked_at" timestamp with time zone,
	CONSTRAINT "worker_tokens_hash_unique" UNIQUE("hash")
);
--> statement-breakpoint
ALTER TABLE "workers" DROP CONSTRAINT "workers_state";--> statement-breakpoint
ALTER TABLE "model_settings" ADD COLUMN "dispatch" text;--> statement-breakpoint
ALTER TABLE "messages" ADD COLUMN "segments" jsonb;--> statement-breakpoint
ALTER TABLE "usage_records" ADD COLUMN "segments" jsonb;--> statement-breakpoint
ALTER TABLE "workers" ADD COLUMN "host" text;--> statement-breakpoint
ALTER TABLE "workers" ADD COLUMN "beats" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "workers" ADD COLUMN "order" text;--> statement-breakpoint
ALTER TABLE "workers" ADD COLUMN "starting" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "workers" ADD COLUMN "parleys" uuid[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "workers" ADD COLUMN "token_id" uuid;--> statement-breakpoint
ALTER TABLE "workers" ADD CONSTRAINT "workers_token_id_worker_tokens_id_fk" FOREIGN KEY ("token_id") REFERENCES "public"."worker_tokens"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "workers" ADD CONSTRAINT "workers_order" CHECK ("workers"."order" in ('drain', 'leave'));--> statement-breakpoint
ALTER TABLE "workers" ADD CONSTRAINT "workers_state" CHECK ("workers"."state" in ('starting', 'ready', 'draining', 'lost', 'left'));