/** Goal: a formula from a stranger can neither link, load, style, run nor take long. How it looks is tested in the browser. */
import katex from "katex";
import { expect, test } from "vitest";
import { FORMULA_OPTIONS } from "./formula-nodes";

/** Without the copy of the source that goes along for programs. */
const toHtml = (tex: string) =>
  katex.renderToString(tex, FORMULA_OPTIONS).replace(/<annotation.*?<\/annotation>/s, "");

test("a formula is set, with MathML for readers of the screen", () => {
  const html = toHtml("\\frac{1}{2}");
  expect(html).toContain("<mfrac><mn>1</mn><mn>2</mn></mfrac>");
  expect(html).toContain('aria-hidden="true"');
});

test.each([
  ["\\href{javascript:alert(1)}{x}"],
  ["\\url{https://example.com}"],
  ["\\includegraphics{https://example.com/x.png}"],
  ["\\htmlClass{dock}{x}"],
  ["\\htmlStyle{position:fixed}{x}"],
  ["\\htmlId{main}{x}"],
  ["\\htmlData{x=1}{x}"],
])("%s has no effect", (tex) => {
  expect(toHtml(tex)).not.toMatch(
    /<a |<img|href=|class="[^"]*dock|style="[^"]*position:fixed|\bid="|data-/,
  );
});

test("markup in a formula is text", () => {
  expect(toHtml("\\text{<img src=x onerror=alert(1)>}")).not.toContain("<img");
});

test("macros that double themselves are refused", () => {
  const bomb = `\\def\\a{xx}${"\\edef\\a{\\a\\a}".repeat(30)}\\a`;
  expect(() => toHtml(bomb)).toThrow(/Too many expansions/);
  expect(() => toHtml("\\def\\a{\\a}\\a")).toThrow(/Too many expansions/);
});

test("a size is bounded", () => {
  expect(toHtml("\\rule{9999em}{9999em}")).not.toMatch(/9999em/);
});
