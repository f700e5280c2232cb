import { randomUUID } from "node:crypto";
import { createId } from "@/lib/util/id";
import type { Database } from "./client";
import { ballots } from "./schema/ballots";
import { battles, votes } from "./schema/battles";
import { conversations, messages, visitors } from "./schema/conversations";

/** A blind battle of one turn whose answers were stopped, as tests want it there. */
export type TestBattle = {
  prompt: string;
  visitorId: string;
  /** Ids. */
  modelA: string;
  modelB: string;
  /** Absent: nobody voted. */
  outcome?: "a" | "b" | "tie" | "both-bad";
  language?: string;
  facts?: object;
};

/** Visitors who agreed to `termsVersion`, or were never asked. */
export async function createTestVisitors(
  db: Database,
  { count, termsVersion = "1" }: { count: number; termsVersion?: string | null },
): Promise<string[]> {
  const rows = Array.from({ length: count }, () => ({
    ...{ id: createId(), voter: randomUUID(), termsVersion },
  }));
  await db.insert(visitors).values(rows);
  return rows.map(({ id }) => id);
}

/** @returns ids of the conversations, in the order of the battles. */
export async function createTestBattles(
  db: Database,
  rows: readonly TestBattle[],
): Promise<string[]> {
  const made = rows.map((row) => ({
    ...{ row, conversationId: createId(), battleId: createId(), promptId: createId() },
    ...{ answerAId: createId(), answerBId: createId(), voteId: createId() },
  }));
  await db.insert(conversations).values(
    made.map(({ row, conversationId: id }) => ({
      id,
      visitorId: row.visitorId,
      kind: "battle" as const,
    })),
  );
  await db.insert(battles).values(
    made.map(({ row, battleId: id, conversationId }) => ({
      ...{
        id,
        conversationId,
        conversationKind: "battle" as const,
        drawMethod: "uniform" as const,
      },
      ...{ modelAId: row.modelA, modelBId: row.modelB, pairProbability: 0.5 },
    })),
  );
  await db.insert(messages).values(
    made.map(({ row, promptId: id, conversationId }) => ({
      ...{ id, conversationId, role: "user" as const, content: row.prompt },
    })),
  );
  await db.insert(messages).values(
    made.flatMap(({ row, promptId, conversationId, answerAId, answerBId }) => {
      const answer = {
        conversationId,
        parentId: promptId,
        role: "assistant",
        status: "stopped",
      } as const;
      const content = "An answer that was stopped";
      return [
        { ...answer, content, id: answerAId, side: "a" as const, modelId: row.modelA },
        { ...answer, content, id: answerBId, side: "b" as const, modelId: row.modelB },
      ];
    }),
  );
  const voted = made.flatMap((it) => (it.row.outcome ? { ...it, outcome: it.row.outcome } : []));
  if (voted.length > 0) {
    await db.insert(votes).values(
      voted.map(({ row, voteId: id, battleId, conversationId, answerAId, answerBId, outcome }) => ({
        ...{ id, battleId, conversationId, answerAId, answerBId, outcome },
        ...{ visitorId: row.visitorId, blind: true },
      })),
    );
    await db.insert(ballots).values(
      voted.map(({ row, voteId: id, outcome }) => ({
        ...{ id, voter: randomUUID(), modelAId: row.modelA, modelBId: row.modelB, outcome },
        ...{ pairProbability: 0.5, turn: 1, counted: true, facts: row.facts ?? {} },
        language: row.language ?? null,
      })),
    );
  }
  return made.map(({ conversationId }) => conversationId);
}
