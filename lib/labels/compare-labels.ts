import type { Database } from "@/lib/db/client";
import { LABEL_COMPARED_MAX } from "@/lib/label-limits";
import { ballotFactsSchema } from "@/lib/protocol/ballot-facts";
import { hasCategory, toCategories } from "@/lib/rating/categories";
import { type Category, LABELLED_CATEGORIES, UNREADABLE_LABEL } from "@/lib/vote-categories";
import { readLabelled } from "./store";

/** Of ballots that both rules and a model spoke of. */
export type LabelAgreement = {
  category: Category;
  /** Both say so; one alone does; neither. */
  both: number;
  rulesOnly: number;
  labelsOnly: number;
  neither: number;
};

/** How far the transparent rules agree with the labels, over the newest that have both. */
export async function compareLabels(
  db: Database,
): Promise<{ ballots: number; categories: LabelAgreement[] }> {
  const rows = (await readLabelled(db, LABEL_COMPARED_MAX)).flatMap(({ turn, labels, facts }) => {
    const known = ballotFactsSchema.safeParse(facts).data;
    // Rules of the first version knew too little to compare.
    if (known?.version !== 2 || labels === null || labels.includes(UNREADABLE_LABEL)) return [];
    return { labels, mask: toCategories({ ...known, turn, labels: null }) };
  });
  const count = (isRule: boolean, isLabel: boolean, category: Category) =>
    rows.filter(
      ({ labels, mask }) =>
        hasCategory(mask, category) === isRule && labels.includes(category) === isLabel,
    ).length;
  return {
    ballots: rows.length,
    categories: LABELLED_CATEGORIES.map((category) => ({
      category,
      both: count(true, true, category),
      rulesOnly: count(true, false, category),
      labelsOnly: count(false, true, category),
      neither: count(false, false, category),
    })),
  };
}
