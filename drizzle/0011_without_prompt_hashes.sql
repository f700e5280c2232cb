DROP INDEX "messages_by_prompt_hash";--> statement-breakpoint
ALTER TABLE "messages" DROP COLUMN "prompt_hash";