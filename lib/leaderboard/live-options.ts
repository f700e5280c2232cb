import type { Database } from "@/lib/db/client";
import type { RatingRules } from "@/lib/protocol/arena-settings";
import type { BoardKey } from "@/lib/protocol/board-key";
import { RATING_DEFAULTS, type RatingOptions } from "@/lib/rating/rating-options";
import { readRules } from "@/lib/rules/rules";

/** How the live board of this key is computed now. */
export async function findLiveOptions(db: Database, key: BoardKey): Promise<RatingOptions> {
  return toLiveOptions((await readRules(db)).ratings, key);
}

export function toLiveOptions({ preset, votesMin }: RatingRules, key: BoardKey): RatingOptions {
  return { ...RATING_DEFAULTS, preset, votesMin, styleControl: key.style };
}
