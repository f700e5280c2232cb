import type { Category } from "@/lib/protocol/board-key";
import type { NewBoard } from "./use-boards";

/** The form as it is typed. */
export type BoardDraft = {
  title: string;
  category: Category;
  language: string;
  style: boolean;
  /** A standing period, or `span`: the two days below. */
  period: "all" | "90d" | "30d" | "span";
  from: string;
  to: string;
};

export const EMPTY_DRAFT: BoardDraft = {
  ...{ title: "", category: "overall", language: "", style: false },
  ...{ period: "all", from: "", to: "" },
};

export function toNewBoard(draft: BoardDraft): NewBoard {
  const language = draft.language.trim().toLowerCase();
  return {
    ...{ title: draft.title.trim(), category: draft.category, style: draft.style },
    language: language === "" ? null : language,
    period: draft.period === "span" ? `${draft.from}..${draft.to}` : draft.period,
  };
}
