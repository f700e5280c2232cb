/** Goal: every name has one address and back, also one that routers or browsers would take for something else. */
import { expect, test } from "vitest";
import { fromModelSlug, isSlugOf, toModelSlug } from "./model-slug";

test.each(["parley/pico-m", "a~1b", "..", ".", "...", "a b&c", "50%", "نموذج", "~2", "..~"])(
  "%s there and back",
  (name) => {
    const slug = toModelSlug(name);
    expect(new URL(`http://parley.test/models/${slug}`).pathname).toBe(`/models/${slug}`);
    expect(fromModelSlug(slug)).toBe(name);
    expect(isSlugOf(slug, name)).toBe(true);
    expect(isSlugOf(decodeURIComponent(slug), name)).toBe(true);
    expect(isSlugOf(slug, `${name}x`)).toBe(false);
  },
);

test("what no name is written as is no slug", () => {
  expect(fromModelSlug("a~2")).toBeUndefined();
  expect(fromModelSlug("%E0%A4%A")).toBeUndefined();
});
