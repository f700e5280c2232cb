/** Goal: what is typed is what is asked for. */
import { expect, test } from "vitest";
import { boardKeySchema } from "@/lib/protocol/board-key-schema";
import { EMPTY_DRAFT, toNewBoard } from "./board-draft";

test("a form is a board: all languages where none is named, days where days are", () => {
  expect(toNewBoard({ ...EMPTY_DRAFT, title: " Spring " })).toEqual({
    ...{ title: "Spring", category: "overall", language: null, style: false, period: "all" },
  });
  const span = { period: "span", from: "2026-01-01", to: "2026-03-31" } as const;
  const { title, ...key } = toNewBoard({ ...EMPTY_DRAFT, ...span, language: "DE ", title: "x" });
  expect(title).toBe("x");
  expect(boardKeySchema.parse(key)).toMatchObject({
    ...{ language: "de", period: "2026-01-01..2026-03-31" },
  });
});
