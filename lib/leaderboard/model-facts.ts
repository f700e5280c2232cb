import { sql } from "drizzle-orm";
import { type Catalog, readCatalog } from "@/lib/catalog/catalog";
import { type Database, database } from "@/lib/db/client";
import type { ModelFacts } from "@/lib/protocol/board-view";
import { toModelSlug } from "@/lib/protocol/model-slug";
import { modelDescriptionSchema } from "@/lib/protocol/worker-card";
import { toHiddenModels } from "@/lib/rules/hidden-models";
import { readRules } from "@/lib/rules/rules";

/** A model that was ever offered, those included whose names are told to nobody. */
export type KnownModel = ModelFacts & { modelId: string; isHidden: boolean; isWithdrawn: boolean };

type Row = {
  id: string;
  name: string;
  description: unknown;
  isWithdrawn: boolean;
  isRetired: boolean;
  firstTokenMs: number | null;
  tokensPerSecond: number | null;
  contextLength: number | null;
};

/**
 * What is told of each model beside its ratings, by id. It comes from a handful of small tables, however many
 * votes there are.
 *
 * @param options.awake names of the models that can be talked to now.
 */
export async function readModelFacts(
  options: { awake: readonly string[]; prices?: Pick<Catalog, "settings"> },
  db: Database = database(),
): Promise<ReadonlyMap<string, KnownModel>> {
  const [rows, rules, { settings }] = await Promise.all([
    db.execute<Row>(sql`
      select models.id, models.name, models.description,
        models.withdrawn_at is not null as "isWithdrawn", models.retired_at is not null as "isRetired",
        model_speeds.first_token_ms as "firstTokenMs", model_speeds.tokens_per_second as "tokensPerSecond",
        (select max(worker_models.context_length) from worker_models
          where worker_models.model_id = models.id) as "contextLength"
      from models left join model_speeds on model_speeds.model = models.name`),
    readRules(db),
    options.prices ?? readCatalog(db),
  ]);
  const awake = new Set(options.awake);
  const hidden = toHiddenModels(rules);
  return new Map(
    rows.map(({ id, name, description, ...row }): [string, KnownModel] => {
      const said = modelDescriptionSchema.safeParse(description).data;
      const price = settings.get(name)?.price;
      const facts: KnownModel = {
        ...{ modelId: id, model: name, slug: toModelSlug(name), ...row },
        ...{ organization: said?.organization ?? null, licence: said?.licence ?? null },
        hasOpenWeights: said?.hasOpenWeights ?? isOpenLicence(said?.licence),
        ...{ isAwake: awake.has(name), isHidden: hidden.has(name) },
        price: price ? { inputPerMillion: price.prompt, outputPerMillion: price.completion } : null,
      };
      return [id, facts];
    }),
  );
}

/** Licences under which weights are given away, by the beginnings of their usual names (SPDX and model cards). */
const OPEN_LICENCES =
  /^(?:apache|mit\b|bsd|cc-?by|cc0|gpl|lgpl|agpl|mpl|openrail|bigscience|llama|gemma|qwen|deepseek|mistral ai research|unlicense|isc\b|odc|cdla|modified mit)/i;
/** And words by which a service says that it keeps them. */
const CLOSED_LICENCES = /^(?:proprietary|closed|commercial)/i;

function isOpenLicence(licence: string | undefined): boolean | null {
  if (licence === undefined) return null;
  const name = licence.trim();
  if (OPEN_LICENCES.test(name)) return true;
  return CLOSED_LICENCES.test(name) ? false : null;
}
