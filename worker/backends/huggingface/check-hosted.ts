import { chooseListed } from "../listed-models";
import type { HostedEntry } from "./hosted-model";
import { findTemplate, toHostedOffer, toWireModel } from "./hosted-offer";

/**
 * What `--check` prints: each model, where it is asked, and what of. Nothing is asked: an endpoint that sleeps is
 * not woken for it.
 *
 * @throws StartError for a name that no entry has.
 */
export function checkHosted(
  { models, warnings }: { models: HostedEntry[]; warnings: string[] },
  only: readonly string[],
): string {
  const chosen = chooseListed(models, only, ({ model }) => model.name);
  const head = `${chosen.length} ${chosen.length === 1 ? "model" : "models"}, no faults.\n`;
  const told = warnings.length === 0 ? "" : `\n${warnings.join("\n")}\n`;
  return head + chosen.map(describe).join("") + told;
}

function describe({ model, token }: HostedEntry): string {
  const { features, contextLength } = toHostedOffer(model, toWireModel(model));
  const template = findTemplate(model);
  const { endpoint, provider = "auto", api } = model;
  const place =
    endpoint === undefined ? `the hub's providers (${provider})` : new URL(endpoint).host;
  const lines = [
    `${model.name}: ${model.model ?? "the model there"}, asked of ${place}`,
    `  token: ${token === undefined ? "none" : "found"}`,
    `  features: ${features.join(", ")}`,
    `  context: ${contextLength} tokens${model.contextLength === undefined ? " (a guess: say contextLength)" : ""}`,
    ...(template ? [`  prompts: by the template ${template.name}, for api ${api}`] : []),
  ];
  return `\n${lines.join("\n")}\n`;
}
