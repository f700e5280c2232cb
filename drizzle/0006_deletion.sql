CREATE INDEX "reviews_by_conversation" ON "reviews" USING btree ("conversation_id");--> statement-breakpoint
CREATE INDEX "reviews_by_message" ON "reviews" USING btree ("message_id");--> statement-breakpoint
CREATE INDEX "shares_by_visitor" ON "shares" USING btree ("visitor_id");--> statement-breakpoint
CREATE INDEX "replacements_by_battle" ON "replacements" USING btree ("battle_id");--> statement-breakpoint
CREATE INDEX "votes_by_answer_b" ON "votes" USING btree ("answer_b_id");--> statement-breakpoint
CREATE INDEX "votes_by_battle" ON "votes" USING btree ("battle_id");--> statement-breakpoint
CREATE INDEX "votes_by_conversation" ON "votes" USING btree ("conversation_id");