/**
 * Goal: a keeper sets a model, its card, where it is met and an alias on the page, and programs get what was set, at once. Method: the
 * page by role and label, `/v1` beside it; afterwards nothing is set any more.
 */
import { type APIRequestContext, expect, type Page, test } from "@playwright/test";
import { expectUsable, LOOKS } from "./expect-usable";
import { sharedPlatform } from "./platform";

async function signIn(page: Page): Promise<void> {
  const { url, adminToken } = sharedPlatform();
  await page.goto(`${url}/admin/models`);
  await page.getByLabel("Token").fill(adminToken);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Workers", level: 1 })).toBeVisible();
  await page.goto(`${url}/admin/models`);
  await expect(page.getByRole("heading", { name: "Aliases" })).toBeVisible();
}

async function chat(request: APIRequestContext, model: string) {
  const reply = await request.post("/v1/chat/completions", {
    data: { model, messages: [{ role: "user", content: "Hello." }] },
  });
  const { id, choices } = await reply.json();
  return {
    ...{ status: reply.status(), id, finish: choices?.[0]?.finish_reason },
    model: reply.headers()["x-parley-model"],
    route: reply.headers()["x-parley-route"],
  };
}

const row = (page: Page, name: string) => page.getByRole("row", { name: new RegExp(name) });

test("what is set on the page holds for programs", async ({ page, request }) => {
  await signIn(page);
  await page.getByRole("button", { name: "New alias" }).click();
  const sheet = page.getByRole("dialog", { name: "New alias" });
  await sheet.getByRole("textbox", { name: "Name" }).fill("my-alias");
  await sheet.getByLabel("Model", { exact: true }).fill("my-alias-2");
  await sheet.getByLabel(/Take a model out/).check();
  await sheet.getByRole("button", { name: "Make the alias" }).click();
  // The server's reason stands at its field.
  await expect(sheet.getByRole("alert").filter({ hasText: "second target" })).toBeVisible();
  await sheet.getByLabel("Model", { exact: true }).fill("pico-s");
  await sheet.getByLabel(/Take a model out/).uncheck();
  await sheet.getByRole("button", { name: "Make the alias" }).click();
  await expect(sheet).toHaveCount(0);
  await expect(row(page, "my-alias")).toContainText("pico-s 100 %");

  await page.getByRole("button", { name: "Edit pico-s" }).click();
  const model = page.getByRole("dialog", { name: "pico-s" });
  await model.getByLabel("Most tokens of an answer").fill("1");
  await model.getByLabel("Prompt", { exact: true }).fill("0.15");
  await model.getByRole("button", { name: "Save" }).click();
  await expect(model.getByRole("alert").filter({ hasText: "price" })).toBeVisible();
  await model.getByLabel("Answer", { exact: true }).fill("0.6");
  await model.getByRole("button", { name: "Save" }).click();
  await expect(model).toHaveCount(0);
  await expect(row(page, "pico-s.*Awake")).toContainText("0.15 in, 0.6 out");

  const answer = await chat(request, "my-alias");
  expect(answer).toMatchObject({ status: 200, model: "pico-s", finish: "length" });
  expect(answer.route).toBe("my-alias is an alias.");
  const said = await request.post("/v1/feedback", {
    data: { id: answer.id, score: "down", comment: "<b>too short</b>" },
  });
  expect(said.status()).toBe(200);
  await page.reload();
  await page.getByText(/comment/).click();
  await expect(page.getByText("<b>too short</b>")).toBeVisible();

  await page.getByRole("button", { name: "Edit pico-s" }).click();
  await model.getByRole("button", { name: "Forget all of it" }).click();
  await expect(model).toHaveCount(0);
  await page.getByRole("button", { name: "Remove my-alias" }).click();
  await page.getByRole("button", { name: "Remove the alias" }).click();
  await expect(page.getByText("There is no alias.")).toBeVisible();
  expect((await chat(request, "my-alias")).status).toBe(404);
});

test("a keeper corrects a model's card and says where it is met", async ({ page, request }) => {
  await signIn(page);
  const open = async () => {
    await page.getByRole("button", { name: "Edit pico-m" }).click();
    const sheet = page.getByRole("dialog", { name: "pico-m" });
    await expect(sheet).toBeVisible();
    return sheet;
  };
  const listed = async () => {
    const { data } = await (await request.get("/v1/models")).json();
    return data.find(({ id }: { id: string }) => id === "pico-m");
  };
  await expect(row(page, "pico-m.*Awake")).toContainText(/\d\s(kB|MB)/);

  let sheet = await open();
  await expect(sheet.getByRole("region", { name: "Served by" })).toContainText("On disk");
  await sheet.getByLabel("Made by").fill("Acme Labs");
  await sheet.getByLabel("Link").fill("https://acme.example/pico");
  await sheet.getByLabel("Context that is served, tokens").fill("0");
  await sheet.getByRole("button", { name: "Save" }).click();
  // What is wrong stands at the card, and nothing was saved.
  await expect(sheet.getByLabel("Context that is served, tokens")).toBeFocused();
  await sheet.getByLabel("Context that is served, tokens").fill("200");
  await sheet.getByLabel("API", { exact: true }).uncheck();
  await sheet.getByRole("button", { name: "Save" }).click();
  await expect(sheet).toHaveCount(0);
  const shown = row(page, "pico-m.*Awake");
  await expect(shown).toContainText("Acme Labs");
  await expect(shown).toContainText("200 tokens");
  await expect(shown).not.toContainText("API");
  expect(await listed()).toBeUndefined();
  expect((await chat(request, "pico-m")).status).toBe(403);
  await page.goto("/models/pico-m");
  await expect(page.getByText("by Acme Labs")).toBeVisible();
  await expect(page.getByText("Not served through the API here.")).toBeVisible();
  await expect(page.getByRole("link", { name: "Where its makers tell of it" })).toHaveAttribute(
    "href",
    "https://acme.example/pico",
  );

  await page.goto("/admin/models");
  sheet = await open();
  await sheet.getByLabel("Battles alone").check();
  await expect(sheet.getByLabel("Direct", { exact: true })).toBeDisabled();
  await expect(sheet.getByText("Saving takes it off the boards")).toBeVisible();
  await sheet.getByRole("button", { name: "Save" }).click();
  await expect(sheet).toHaveCount(0);
  await expect(row(page, "pico-m")).toContainText("Named nowhere");
  expect((await chat(request, "pico-m")).status).toBe(404);
  await expect
    .poll(async () => (await (await request.get("/api/models")).text()).includes("pico-m"))
    .toBe(false);

  sheet = await open();
  await sheet.getByLabel("Battles alone").uncheck();
  await sheet.getByRole("button", { name: "Save" }).click();
  await expect(sheet).toHaveCount(0);
  sheet = await open();
  await sheet.getByRole("button", { name: "Forget all of it" }).click();
  await expect(sheet).toHaveCount(0);
  await expect(row(page, "pico-m.*Awake")).toContainText("API");
  expect((await listed()).context_length).toBeGreaterThan(200);
  expect((await chat(request, "pico-m")).status).toBe(200);
});

test("the page is usable by everyone, at desk and phone, light and dark", async ({
  browser,
}, info) => {
  for (const { size, viewport, colorScheme } of LOOKS) {
    const context = await browser.newContext({ viewport, colorScheme, reducedMotion: "reduce" });
    const page = await context.newPage();
    const look = (name: string) =>
      expectUsable(page, info.outputPath(`${size}-${colorScheme}-${name}.png`));
    await signIn(page);
    await look("list");
    await page.getByRole("button", { name: "New alias" }).click();
    await page.getByRole("button", { name: "Add a model" }).last().click();
    await page.getByLabel(/Take a model out/).check();
    await look("alias");
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog")).toHaveCount(0);
    await page.getByRole("button", { name: "Edit pico-s" }).click();
    await look("model");
    await context.close();
  }
});
