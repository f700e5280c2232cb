import type { KeyView } from "@/lib/protocol/key-view";
import { limitWords } from "./key-options";
import { textTable, toMinute } from "./text-table";

/** All of one key, a line for each fact. */
export function keyLines(view: KeyView): string {
  const { models: modelLimits = {}, ...own } = view.limits;
  const facts: [string, string][] = [
    ["Name", view.name],
    ["Begins", `${view.prefix}…`],
    ["Id", view.id],
    ["State", stateWords(view)],
    ["Scopes", view.scopes.join(", ") || "none"],
    ["Models", view.models?.join(", ") ?? "all"],
    ["Limits", limitWords(own).join(", ") || "none"],
    ...Object.entries(modelLimits).map(([model, limits]): [string, string] => [
      "",
      `${model}: ${limitWords(limits).join(", ") || "none"}`,
    ]),
    ["Made", toMinute(view.createdAt)],
    ["Used", view.lastUsedAt === null ? "never" : toMinute(view.lastUsedAt)],
  ];
  return `${facts.map(([label, value]) => `${label.padEnd(8)} ${value}`).join("\n")}\n`;
}

/** A line for each key. */
export function keyTable(views: readonly KeyView[]): string {
  if (views.length === 0)
    return "There is no key. `npx parley keys create --name <name>` makes one.\n";
  const rows = views.map((view) => [
    view.prefix,
    view.name,
    stateWords(view),
    view.scopes.join(","),
    view.models?.join(",") ?? "all models",
    view.lastUsedAt === null ? "never used" : `used ${toMinute(view.lastUsedAt)}`,
  ]);
  return textTable(rows);
}

function stateWords({ state, expiresAt, revokedAt }: KeyView): string {
  if (state === "revoked" && revokedAt !== null) return `revoked ${toMinute(revokedAt)}`;
  if (expiresAt === null) return "live";
  return `${state === "expired" ? "expired" : "live until"} ${toMinute(expiresAt)}`;
}
