CREATE TABLE "external_models" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"entry" jsonb NOT NULL,
	"key_id" uuid,
	"is_enabled" boolean DEFAULT true NOT NULL,
	"problem" text,
	"problem_text" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "external_models_name_unique" UNIQUE("name"),
	CONSTRAINT "external_models_problem" CHECK (("external_models"."problem" is null) = ("external_models"."problem_text" is null))
);
--> statement-breakpoint
CREATE TABLE "provider_keys" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"provider" text NOT NULL,
	"sealed" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "provider_keys_name_unique" UNIQUE("name")
);
--> statement-breakpoint
ALTER TABLE "worker_tokens" ADD COLUMN "reads_provider_keys" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "external_models" ADD CONSTRAINT "external_models_key_id_provider_keys_id_fk" FOREIGN KEY ("key_id") REFERENCES "public"."provider_keys"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "external_models_key" ON "external_models" USING btree ("key_id");