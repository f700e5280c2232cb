import { expect, test } from "vitest";
import { isAppError } from "@/lib/errors";
import { aliasSchema } from "@/lib/protocol/catalog";
import { checkAlias } from "./check-alias";

type AliasInput = Parameters<typeof aliasSchema.parse>[0];

function refused(input: AliasInput, others: readonly AliasInput[] = []): string | undefined {
  const known = others.map((it) => aliasSchema.parse(it));
  try {
    checkAlias(aliasSchema.parse(input), new Map(known.map((it) => [it.name, it])));
    return undefined;
  } catch (error) {
    if (!isAppError(error)) throw error;
    return `${error.param}: ${error.message}`;
  }
}

const to = (name: string, ...models: string[]) => ({
  name,
  targets: models.map((model) => ({ model })),
});

test("what means something is taken", () => {
  expect(refused(to("x", "m"))).toBeUndefined();
  // A canary under the model's own name.
  expect(refused(to("m", "m", "new"))).toBeUndefined();
  expect(refused(to("x", "y", "z"), [to("y", "z"), to("z", "m")])).toBeUndefined();
  expect(refused({ ...to("x", "a", "b"), rollbackOn: {} })).toBeUndefined();
});

test("what could not mean what it says is named", () => {
  expect(refused(to("auto", "m"))).toMatch(/^name: /);
  expect(refused(to("x", "m", "auto"))).toMatch(/^targets\.1\.model: /);
  expect(refused(to("x", "m", "m"))).toMatch(/^targets\.1\.model: `m` is named twice/);
  expect(refused({ ...to("x", "m"), rollbackOn: {} })).toMatch(/^rollbackOn: /);
  expect(refused(to("x", "m", "y"), [to("y", "z"), to("z", "x")])).toBe(
    "targets.1.model: This goes round: x → y → z → x. Name a model.",
  );
  const mirrors = [{ model: "auto", share: 0.1 }];
  expect(refused({ ...to("x", "m"), mirrors })).toMatch(/^mirrors\.0\.model: /);
});

test("many ways to the same models are walked once each", () => {
  const layers = Array.from({ length: 12 }, (_, layer) =>
    Array.from({ length: 8 }, (_, index) => {
      return to(
        `l${layer}-${index}`,
        ...Array.from({ length: 8 }, (_, at) => `l${layer + 1}-${at}`),
      );
    }),
  );
  expect(refused(to("x", "l0-0"), layers.flat())).toBeUndefined();
});
