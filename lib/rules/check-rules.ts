import { AppError } from "@/lib/errors";
import type { ArenaSettings } from "@/lib/protocol/arena-settings";
import { AUTO_MODEL } from "@/lib/protocol/routing";

/**
 * What a schema cannot say of the rules: fields that need each other, and names that stand twice.
 *
 * @throws AppError `invalid-request`, naming the field.
 */
export function checkRules(settings: ArenaSettings): void {
  checkSampling(settings.sampling);
  const { integrity, calls, moderation } = settings;
  assertOnce(integrity.tellTales, "model", "integrity.tellTales");
  if (integrity.readSecondsMax < integrity.readSecondsMin) {
    const message = "`readSecondsMax` must not be below `readSecondsMin`.";
    throw wrong("integrity.readSecondsMax", message);
  }
  assertOnce(calls.models, "model", "calls.models");
  assertOnce(moderation.patterns, "name", "moderation.patterns");
  if (moderation.judge === "endpoint" && moderation.endpoint === undefined) {
    const message =
      "`moderation.endpoint.url` is missing: say which server is asked, or choose another judge.";
    throw wrong("moderation.endpoint.url", message);
  }
  checkTerms(settings.terms);
  checkHumanity(settings.humanity);
}

function checkSampling({ models }: ArenaSettings["sampling"]): void {
  assertOnce(models, "model", "sampling.models");
  for (const [index, { model, targets }] of models.entries()) {
    const at = `sampling.models.${index}`;
    if (model === AUTO_MODEL) {
      throw wrong(`${at}.model`, "`auto` is not drawn; name a model that it may stand for.");
    }
    if (targets.includes(model)) {
      throw wrong(`${at}.targets`, `${model} never meets itself; remove it from its targets.`);
    }
    if (new Set(targets).size < targets.length) {
      throw wrong(`${at}.targets`, `A target of ${model} is named twice; remove one.`);
    }
  }
}

function checkTerms({ version, text }: ArenaSettings["terms"]): void {
  if (version.trim() !== "" && text.trim() === "") {
    const message =
      "`terms.text` is empty: visitors would agree to nothing. Write a text, or empty the version.";
    throw wrong("terms.text", message);
  }
}

function checkHumanity({ isOn, siteKey, scriptUrl, verifyUrl }: ArenaSettings["humanity"]): void {
  if (!isOn) return;
  const missing = { siteKey: siteKey.trim(), scriptUrl, verifyUrl };
  for (const [name, value] of Object.entries(missing)) {
    if (value) continue;
    const at = `humanity.${name}`;
    throw wrong(
      at,
      `\`${at}\` is missing: the check cannot be shown without it. Fill it in, or turn the check off.`,
    );
  }
}

function assertOnce<Key extends string>(
  entries: readonly Record<Key, string>[],
  key: Key,
  at: string,
): void {
  const seen = new Set<string>();
  for (const [index, entry] of entries.entries()) {
    if (seen.has(entry[key])) {
      throw wrong(`${at}.${index}.${key}`, `${entry[key]} stands twice in \`${at}\`; remove one.`);
    }
    seen.add(entry[key]);
  }
}

function wrong(param: string, message: string): AppError {
  return new AppError("invalid-request", { message, param });
}
