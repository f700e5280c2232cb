import type { Database } from "@/lib/db/client";
import { ballots } from "@/lib/db/schema/ballots";
import { battles, votes } from "@/lib/db/schema/battles";
import { conversations, messages, visitors } from "@/lib/db/schema/conversations";
import { models } from "@/lib/db/schema/models";
import { feedback, usageRecords } from "@/lib/db/schema/usage";
import { createId } from "@/lib/util/id";

/** Conversations as rows, without anybody who answers. */
export type Book = Awaited<ReturnType<typeof createBook>>;

export type BookBattle = { id: string; battleId: string; prompt: string; a: string; b: string };

export async function createBook(db: Database) {
  const one = createId();
  const two = createId();
  await db.insert(models).values([
    { id: one, name: "book/one", description: {} },
    { id: two, name: "book/two", description: {} },
  ]);

  async function say(
    conversationId: string,
    row: Partial<typeof messages.$inferInsert> & { role: "user" | "assistant" },
  ): Promise<string> {
    const id = createId();
    const answer =
      row.role === "assistant" ? { status: "stopped" as const, modelId: one } : undefined;
    await db.insert(messages).values({ id, conversationId, ...answer, ...row });
    return id;
  }

  return {
    ...{ one, two, say },
    async visitor() {
      const id = createId();
      await db.insert(visitors).values({ id });
      return id;
    },
    /** A chat with `book/one`; prompts and answers in turn. */
    async chat(visitorId: string, said: readonly string[]) {
      const id = createId();
      await db.insert(conversations).values({ id, visitorId, kind: "chat", modelId: one });
      let parentId: string | null = null;
      for (const [index, content] of said.entries()) {
        const role = index % 2 === 0 ? ("user" as const) : ("assistant" as const);
        parentId = await say(id, { role, content, parentId });
      }
      return id;
    },
    /** `book/one` against `book/two`, both stopped. */
    async battle(
      visitorId: string,
      words: { prompt: string; a: string; b: string },
    ): Promise<BookBattle> {
      const id = createId();
      const battleId = createId();
      await db.insert(conversations).values({ id, visitorId, kind: "battle" });
      await db.insert(battles).values({
        ...{ id: battleId, conversationId: id, conversationKind: "battle" as const },
        ...{ modelAId: one, modelBId: two, pairProbability: 0.5, drawMethod: "uniform" as const },
      });
      const prompt = await say(id, { role: "user", content: words.prompt });
      const parentId = prompt;
      const a = await say(id, { role: "assistant", parentId, side: "a", content: words.a });
      const b = await say(id, {
        ...{ role: "assistant" as const, parentId, side: "b" as const },
        ...{ modelId: two, content: words.b },
      });
      return { id, battleId, prompt, a, b };
    },
    async vote(visitorId: string, battle: BookBattle) {
      const id = createId();
      const { id: conversationId, battleId, a: answerAId, b: answerBId } = battle;
      await db.insert(votes).values({
        ...{ id, battleId, conversationId, visitorId, answerAId, answerBId },
        ...{ outcome: "a" as const, blind: true, reasons: ["clear"] },
      });
      await db.insert(ballots).values({
        ...{ id, voter: createId(), modelAId: one, modelBId: two, outcome: "a" as const },
        ...{ pairProbability: 0.5, turn: 1, counted: true },
      });
    },
    /** A call and a word about it. */
    async usage(visitorId: string) {
      const id = createId();
      const owner = `visitor:${visitorId}`;
      const now = new Date();
      const endpoint = "arena";
      await db.insert(usageRecords).values({
        ...{ id, owner, endpoint, requestId: id, asked: "book/one", outcome: "complete" },
        ...{ startedAt: now, updatedAt: now },
      });
      await db.insert(feedback).values({
        ...{ answerId: id, owner, endpoint, asked: "book/one", score: 1, tags: [], comment: "ok" },
      });
    },
  };
}
