import type { Database } from "@/lib/db/client";
import { RATED_VOTES_MIN } from "@/lib/limits";
import type { BoardKey } from "@/lib/protocol/board-key";
import { RATING_DEFAULTS, type RatingOptions } from "@/lib/rating/rating-options";

/** How the live board of this key is computed now. */
export async function findLiveOptions(_db: Database, key: BoardKey): Promise<RatingOptions> {
  return { ...RATING_DEFAULTS, styleControl: key.style, votesMin: RATED_VOTES_MIN };
}
