import { type ReadOptions, readModelsFile } from "@/lib/models-file/read-models-file";
import type { ModelEntry } from "@/lib/protocol/model-entry";
import { chooseListed } from "../listed-models";
import { contextLengthOf, toOffer } from "./external-offer";
import { findFields } from "./served-external";

/**
 * What `--check` prints: each model, what it cannot be asked for, and what an operator tells the catalog of it,
 * which keeps prices and who may see a model.
 *
 * @throws StartError naming every fault of the file, or a name that no entry has.
 */
export async function checkModels({
  only,
  ...file
}: ReadOptions & { only: readonly string[] }): Promise<string> {
  const { models, warnings } = readModelsFile(file);
  const chosen = chooseListed(models, only, ({ entry }) => entry.name);
  const parts = [`${chosen.length} ${chosen.length === 1 ? "model" : "models"}, no faults.\n`];
  for (const { entry } of chosen) parts.push(await describe(entry));
  if (warnings.length > 0) parts.push(`\n${warnings.join("\n")}\n`);
  return parts.join("");
}

async function describe(entry: ModelEntry): Promise<string> {
  const { fields, faults } = await findFields(entry);
  const { features } = toOffer(entry, fields);
  const lines = [
    `${entry.name}: ${entry.model} of ${entry.provider}`,
    `  features: ${features.join(", ")}`,
    `  context: ${contextLengthOf(entry)} tokens${entry.contextLength === undefined ? " (a guess: say contextLength)" : ""}`,
    ...faults.map(({ field, fault }) => `  is not asked for ${field}: ${fault}`),
    ...catalogLines(entry),
  ];
  return `\n${lines.join("\n")}\n`;
}

/** In the words of the command that sets them; a name may hold what a shell reads otherwise. */
function catalogLines({ name, prices, anonymousOnly, link }: ModelEntry): string[] {
  const quoted = `'${name.replaceAll("'", `'\\''`)}'`;
  const flags = [
    prices && `--price-prompt ${prices.input} --price-completion ${prices.output}`,
    prices?.cachedInput !== undefined && `--price-cached-prompt ${prices.cachedInput}`,
  ].filter((it) => typeof it === "string");
  return [
    ...(flags.length > 0
      ? [`  its prices, said by an operator: npx parley models set ${quoted} ${flags.join(" ")}`]
      : []),
    ...(anonymousOnly
      ? ["  for blind battles alone, and named nowhere, from its first registration on"]
      : []),
    ...(link === undefined ? [] : [`  link: ${link}`]),
  ];
}
