import { EXCLUDED_SHOWN_MAX, REVIEWS_SHOWN_MAX } from "@/lib/arena-limits";
import { type Database, database } from "@/lib/db/client";
import {
  anomalyEvidenceSchema,
  type ReviewList,
  type ReviewState,
  type ReviewView,
} from "@/lib/protocol/review-view";
import {
  countOpenReviews,
  type ReviewRow,
  readExcluded,
  readReviews,
  readWithdrawnNames,
} from "./review-store";

/** What waits for keepers, or was decided by them, and whom earlier decisions concern. */
export async function listReviews(
  { state }: { state: ReviewState },
  db: Database = database(),
): Promise<ReviewList> {
  const [rows, openCount, excluded, withdrawn] = await Promise.all([
    readReviews(db, state, REVIEWS_SHOWN_MAX + 1),
    countOpenReviews(db),
    readExcluded(db, EXCLUDED_SHOWN_MAX),
    readWithdrawnNames(db),
  ]);
  return {
    reviews: rows.slice(0, REVIEWS_SHOWN_MAX).map(toView),
    hasMore: rows.length > REVIEWS_SHOWN_MAX,
    ...{ openCount, excluded, withdrawn },
  };
}

function toView(row: ReviewRow): ReviewView {
  const { id, kind, state, visitor, answer } = row;
  const anomaly = kind === "anomaly" ? anomalyEvidenceSchema.safeParse(row.evidence).data : null;
  return {
    ...{ id, kind, state, visitor },
    createdAt: row.createdAt.toISOString(),
    decidedAt: row.decidedAt?.toISOString() ?? null,
    anomaly: anomaly ?? null,
    facts: kind === "anomaly" ? [] : toFacts(row.evidence),
    answer: answer?.model ? { model: answer.model, text: answer.text } : null,
  };
}

/** Evidence of other rooms, whatever they put there: names with texts, numbers, and lists of them. */
function toFacts(evidence: unknown): ReviewView["facts"] {
  if (typeof evidence !== "object" || evidence === null) return [];
  return Object.entries(evidence).flatMap(([name, value]) => {
    if (value === null || value === undefined || value === "") return [];
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return [{ name, value: text }];
  });
}
