/**
 * Goal: a template makes the prompt that it makes in Python. Method: pieces of templates with what Jinja 3.1.6
 * made of each, in the environment that chat templates are written for (sandbox, loop controls, `tojson` as
 * `json.dumps`), recorded; and what Python's answer cannot say.
 */
import { describe, expect, test } from "vitest";
import snippets from "./__fixtures__/jinja-snippets.json";
import { formatTime } from "./globals";
import { JinjaTemplate } from "./jinja-template";

const MESSAGES = [
  { role: "system", content: "Be <b>" },
  { role: "user", content: "Hi" },
  { role: "assistant", content: "Yo" },
];
const render = (source: string, more: Record<string, unknown> = {}) =>
  new JinjaTemplate(source).render({ messages: MESSAGES, ...more });

test.each(snippets)("$template", ({ template, text }) => {
  expect(render(template)).toBe(text);
});

describe("what a template refuses or cannot do", () => {
  test.each([
    ["{{ raise_exception('roles must ' ~ 'alternate') }}", "roles must alternate"],
    ["{{ messages | nonsense }}", "filter `nonsense`"],
    ["{{ 1 is nonsense }}", "test `nonsense`"],
    ["{{ messages.nope() }}", "calls `messages.nope`, which is undefined"],
    ["{% for x in none %}{% endfor %}", "None cannot be gone through"],
    ["{{ 'a' + none }}", "str and None cannot be added"],
    ["{{ 1 < 'a' }}", "int cannot be compared with one of str"],
    ["{{ 1 // 0 }}", "divides by zero"],
    ["{% set messages.x = 1 %}", "only a name and a namespace's field"],
    ["{% for a, b in [[1]] %}{% endfor %}", "1 values are to be given 2 names"],
    ["{{ range(10 ** 9) }}", "1000000000 items"],
    ["{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "calls itself too deeply"],
    ["{{ constructor.constructor('x') }}", "calls `constructor.constructor`"],
    ["{{ 'a'.constructor }}{{ messages.__proto__ }}{{ 'a'['at'](0) }}", "which is undefined"],
  ])("%s", (source, message) => {
    expect(() => render(source)).toThrow(message);
  });

  test.each(["{% for %}", "{{ 1 is divisibleby(3) }}", "{% include 'x' %}", "{{ 'x' "])(
    "%s is no template",
    (source) => {
      expect(() => new JinjaTemplate(source)).toThrow();
    },
  );
});

describe("what is given to a template", () => {
  test("is not changed by it, and names like those of methods are keys", () => {
    const tool = { items: { type: "x" }, get: 1, keys: ["a"] };
    const list = [1];
    const source =
      "{{ list.append(2) or '' }}{{ list }}{{ tool['items'].type }}{{ tool.get('get') }}{{ tool['keys'][0] }}";
    expect(render(source, { list, tool })).toBe("[1, 2]x1a");
    expect(list).toEqual([1]);
  });

  test("may have what an object is made of as a key", () => {
    const args: unknown = JSON.parse('{"__proto__": 1, "constructor": 2}');
    expect(render("{{ args | tojson }}{{ args.constructor }}", { args })).toBe(
      '{"__proto__": 1, "constructor": 2}2',
    );
  });

  test("keeps characters that stand for others, also written as Python writes a list", () => {
    const mark = "\uFDD0abcq1\uFDD1";
    expect(render("{{ [x] }}{{ [x] | tojson }}{{ x | trim }}", { x: mark })).toBe(
      `['${mark}']["${mark}"]${mark}`,
    );
  });
});

test("dates are written in English, whatever the machine speaks", () => {
  const date = new Date(2026, 2, 5, 15, 4, 9);
  expect(formatTime(date, "%d %b %Y, %B %A %a")).toBe("05 Mar 2026, March Thursday Thu");
  expect(formatTime(date, "%Y-%m-%d %H:%M:%S %I%p %j %y %-d %e %F %T %% %q")).toBe(
    "2026-03-05 15:04:09 03PM 064 26 5  5 2026-03-05 15:04:09 % %q",
  );
});
