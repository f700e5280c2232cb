/** Goal: what is wrong with a field reads at the field as a sentence to people, without a name for programs in it. */
import { expect, test } from "vitest";
import { toWordsAtField } from "./field-problem";

test.each([
  ["`entry.baseUrl` must be a URL.", "It must be a URL."],
  ["`targets.0.model` is missing; name `pico-s`.", "It is missing; name `pico-s`."],
  ["A key is named `house` already.", "A key is named `house` already."],
])("%s", (message, words) => {
  expect(toWordsAtField(message)).toBe(words);
});
