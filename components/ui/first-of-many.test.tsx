/** Goal: a list of a thousand is drawn in part, and says how much of it is left; a short one is drawn whole. */
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { FirstOfMany } from "./first-of-many";

test.each([
  [2, "0,1", ""],
  [3, "0,1", "Show the other 1 model"],
  [4, "0,1", "Show the other 2 models"],
  [1_002, "0,1", "Show 2 of the other 1\u202f000 models"],
])("%d", (length, drawn, words) => {
  const html = renderToStaticMarkup(
    <FirstOfMany items={Array.from({ length }, (_, index) => index)} count={2} what="model">
      {(items) => <p>{items.join()}</p>}
    </FirstOfMany>,
  );
  expect(/<p>(.*?)<\/p>/.exec(html)?.[1]).toBe(drawn);
  expect(/<button[^>]*>(.*?)<\/button>/.exec(html)?.[1] ?? "").toBe(words);
});
