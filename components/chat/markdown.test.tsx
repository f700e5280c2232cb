/** Goal: whatever a model writes becomes text, and never markup, script or an error of the page. */
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { Markdown } from "./markdown";

function toHtml(text: string, isStreaming = false): string {
  return renderToStaticMarkup(<Markdown text={text} isStreaming={isStreaming} />);
}

test("raw HTML, script and addresses that run are text", () => {
  const html = toHtml(
    [
      "<script>alert(1)</script>",
      "<img src=x onerror=alert(1)> and <b onclick='x'>b</b>",
      "[a](javascript:alert(1)) [b](data:text/html,x) [c](vbscript:x) <javascript:alert(1)>",
      "![p](javascript:alert(1)) ![q](https://example.com/q.png)",
      "$\\href{javascript:alert(1)}{x}$ and $</span><script>alert(1)</script>$",
    ].join("\n\n"),
  );
  expect(html).not.toMatch(/<(script|img|b)\b/i);
  expect(html).not.toMatch(/(href|src)="(javascript|data|vbscript)/i);
  expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
  expect(html).toContain('<a href="https://example.com/q.png" target="_blank" rel="noopener');
});

test("formulas stand in lists, tables, headings and emphasis, and come back whole in code and addresses", () => {
  const html = toHtml(
    "# $a_1*b_1*c$\n\n- **$x$**\n\n| n | f |\n|---|---|\n| 1 | $|x|$ |\n\n[l](https://e.org/?$q$)\n\n    $code$\n\n<i>$raw$</i>",
  );
  expect(html).toContain('<h1><code class="formula-source">a_1*b_1*c</code></h1>');
  expect(html).toContain('<strong><code class="formula-source">x</code></strong>');
  expect(html).toContain('<td><code class="formula-source">|x|</code></td>');
  expect(html).toContain('href="https://e.org/?$q$"');
  expect(html).toContain("$code$");
  expect(html).not.toMatch(/[\uE000\uE001]|%EE%80/);
});

test("an answer cut anywhere is shown without marks of ours and without loss of its words", () => {
  const text =
    'Let **$x^2$** be\n\n$$\n\\frac{a}{b}\n\n= c\n$$\n\n| a | b |\n|---|---|\n| `1` | $y$ |\n\n```rust\nlet a = "$5";\n```\n\nEnd \\(z\\).';
  for (let length = 0; length <= text.length; length++) {
    expect(toHtml(text.slice(0, length), true), `${length}`).not.toMatch(/[\uE000\uE001]/);
  }
  const html = toHtml(text);
  expect(html.match(/formula-source/g)).toHaveLength(4);
  expect(html).toContain("<table>");
  expect(html).toContain("let a = &quot;$5&quot;;");
});

test.each([
  ["quotes", ">".repeat(20_000)],
  ["quotes with blanks", "> ".repeat(10_000)],
  ["lists", `${"+ ".repeat(5_000)}a`],
  ["numbers", `${"1. ".repeat(3_000)}a`],
  ["indented lists", Array.from({ length: 120 }, (_, it) => `${" ".repeat(2 * it)}- a`).join("\n")],
  ["emphasis", `${"*".repeat(5_000)}a${"*".repeat(5_000)}`],
  ["nested emphasis", "*a _b ".repeat(800) + "c_ d* ".repeat(800)],
  ["brackets", "[".repeat(9_000)],
  ["links", "[a](".repeat(2_000)],
  ["one line of a million characters", "a ".repeat(500_000)],
  ["one line of code of a million characters", `\`\`\`\n${"a".repeat(1_000_000)}\n\`\`\``],
  ["formulas", "$x$ ".repeat(2_400)],
  ["nested formula", `$${"{".repeat(400)}x${"}".repeat(400)}$`],
  ["a wide table", `${"|a".repeat(900)}\n${"|-".repeat(900)}\n${"|a".repeat(900)}`],
])("%s are shown", (_, text) => {
  expect(toHtml(text, true).length).toBeGreaterThan(10);
  expect(toHtml(text, false).length).toBeGreaterThan(10);
});
