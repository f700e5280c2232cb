import { arenaRulesSchema } from "@/lib/protocol/arena-rules-view";
import type { ArenaSettings } from "@/lib/protocol/arena-settings";
import type { Platform } from "./platform";

/**
 * Changes the rules of the game as an operator does.
 *
 * @returns the rules that held before, to put them back.
 */
export async function changeRules(
  { url, adminToken }: Pick<Platform, "url" | "adminToken">,
  change: (settings: ArenaSettings) => ArenaSettings,
): Promise<ArenaSettings> {
  const headers = { origin: url, "content-type": "application/json" };
  const session = await fetch(`${url}/api/session`, {
    method: "POST",
    headers,
    body: JSON.stringify({ token: adminToken }),
  });
  const cookie = session.headers.get("set-cookie")?.split(";")[0] ?? "";
  const reply = await fetch(`${url}/api/admin/arena`, { headers: { cookie } });
  const { version, settings } = arenaRulesSchema.parse(await reply.json());
  const changed = await fetch(`${url}/api/admin/arena`, {
    method: "PUT",
    headers: { ...headers, cookie },
    body: JSON.stringify({ version, ...change(settings) }),
  });
  if (!changed.ok) throw new Error(`The rules were not changed: ${await changed.text()}`);
  return settings;
}

/** A test votes as soon as it can, where a person reads first. */
export function letQuickVotesCount(settings: ArenaSettings): ArenaSettings {
  return {
    ...settings,
    integrity: { ...settings.integrity, readSecondsMin: 0, readSecondsPerThousandCharacters: 0 },
  };
}

/** Battles are drawn from these alone. */
export function drawOnly(models: readonly string[], all: readonly string[]) {
  return (settings: ArenaSettings): ArenaSettings => ({
    ...settings,
    sampling: {
      ...settings.sampling,
      method: "weighted",
      models: all
        .filter((name) => !models.includes(name))
        .map((model) => ({
          ...{ model, weight: 0, boost: 1, targets: [], targetShare: 0.5, strictTargets: [] },
          ...{ isAnonymousOnly: false, isOut: true },
        })),
    },
  });
}
