ALTER TABLE "model_settings" ADD COLUMN "card" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "model_settings" ADD COLUMN "is_direct" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "model_settings" ADD COLUMN "is_api" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "models" ADD COLUMN "price" jsonb;--> statement-breakpoint
ALTER TABLE "worker_models" ADD COLUMN "fields" text[];--> statement-breakpoint
ALTER TABLE "worker_models" ADD COLUMN "disk_bytes" bigint;