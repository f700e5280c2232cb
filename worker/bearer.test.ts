import { expect, test } from "vitest";
import { Bearer } from "./bearer";

function lets(bearer: Bearer, header: string | undefined, isScrape = false): boolean {
  try {
    bearer.check(header, { isScrape });
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: "unauthenticated" });
    return false;
  }
}

test.each(["a", "s3cret ü 你", "x".repeat(330), "x".repeat(340), "y".repeat(4_000)])(
  "lets in the secret and nothing like it: %s",
  (secret) => {
    const bearer = new Bearer({ secret });
    expect(lets(bearer, `Bearer ${secret}`)).toBe(true);
    const others = [
      ...[undefined, "", "Bearer", "Bearer ", secret, `bearer ${secret}`, `Bearer  ${secret}`],
      ...[`Bearer ${secret}\0`, `Bearer ${secret} `, `Bearer ${secret}${secret}`],
      ...[`Bearer ${secret.slice(0, -1)}`, `Bearer ${secret.slice(0, -1)}z`],
      `Bearer ${"x".repeat(100_000)}`,
    ];
    expect(others.filter((header) => lets(bearer, header))).toEqual([]);
    expect(lets(bearer, `Bearer ${secret}`)).toBe(true);
  },
);

test("a worker's own token reads its numbers and asks nothing", () => {
  const bearer = new Bearer({ token: "own" });
  expect(lets(bearer, "Bearer own")).toBe(false);
  expect(lets(bearer, "Bearer own", true)).toBe(true);
});

test("two secrets that the web told last stay good beside the shared one", () => {
  const bearer = new Bearer({ secret: "shared" });
  for (const secret of ["one", "two", "three", "three"]) bearer.accept(secret);
  const good = ["shared", "one", "two", "three"].filter((it) => lets(bearer, `Bearer ${it}`));
  expect(good).toEqual(["shared", "two", "three"]);
});
