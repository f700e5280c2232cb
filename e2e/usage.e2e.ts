/** Goal: a keeper sees what was used as soon as it was, by mouse, keyboard and reader. */
import { expect, test } from "@playwright/test";
import { expectUsable } from "./expect-usable";
import { sharedPlatform } from "./platform";

test("a request appears in the sums and in the list, and can be asked for by caller", async ({
  page,
}, info) => {
  const { url, adminToken } = sharedPlatform();
  const reply = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-request-id": "seen-by-keepers" },
    body: JSON.stringify({ model: "pico-s", messages: [{ role: "user", content: "Hello." }] }),
  });
  expect(reply.status).toBe(200);

  await page.goto(`${url}/admin/usage`);
  await page.getByLabel("Token").fill(adminToken);
  await page.getByLabel("Token").press("Enter");
  await expect(page.getByRole("link", { name: "Usage" })).toBeVisible();
  await page.goto(`${url}/admin/usage`);
  const latest = page.getByRole("region", { name: /^Latest requests/ });
  await expect(latest.getByTitle("Request seen-by-keepers")).toBeVisible();
  const models = page.getByRole("region", { name: /^Models/ });
  await expect(models.getByRole("rowheader", { name: "pico-s" })).toBeVisible();

  await page.getByRole("radio", { name: "Requests" }).check({ force: true });
  await expect(page.getByRole("img", { name: /^Requests by day: the most/ })).toBeVisible();
  await page.getByText("All days as a table").click();
  const days = page.getByRole("region", { name: /^Days/ });
  await expect(days.getByRole("row")).toHaveCount(8);
  await page.getByRole("combobox", { name: "Period" }).selectOption("30 days");
  await expect(days.getByRole("row")).toHaveCount(31);
  await page.getByRole("combobox", { name: "Caller" }).selectOption("Without a key");
  await expect(page.getByRole("region", { name: /^Callers/ }).getByRole("rowheader")).toHaveText([
    "Without a key",
  ]);

  await expectUsable(page, info.outputPath("usage.png"));
});
