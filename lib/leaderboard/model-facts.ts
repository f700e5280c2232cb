import { sql } from "drizzle-orm";
import { readCatalog } from "@/lib/catalog/catalog";
import { type Prices, priceOf } from "@/lib/catalog/price-of";
import { type Database, database } from "@/lib/db/client";
import type { ModelFacts } from "@/lib/protocol/board-view";
import { toModelSlug } from "@/lib/protocol/model-slug";
import { readDescription, toContextLength } from "@/lib/protocol/operator-card";
import { visibilityOf } from "@/lib/protocol/visibility";
import type { ModelDescription } from "@/lib/protocol/worker-card";
import { toHiddenModels } from "@/lib/rules/hidden-models";
import { readRules } from "@/lib/rules/rules";

/** A model that was ever offered, those included whose names are told to nobody. */
export type KnownModel = ModelFacts & {
  modelId: string;
  isHidden: boolean;
  isWithdrawn: boolean;
  /** Whether pages, and programs, may ask for it by its name. */
  isDirect: boolean;
  isApi: boolean;
  description: ModelDescription;
};

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
  options: { awake: readonly string[]; prices?: Prices },
  db: Database = database(),
): Promise<ReadonlyMap<string, KnownModel>> {
  const [rows, known] = await Promise.all([
    db.execute<Row>(sql`
      select models.id, models.name, models.description,
        models.withdrawn_at is not null as "isWithdrawn", models.retired_at is not null as "isRetired",
        model_speeds.first_token_ms as "firstTokenMs", model_speeds.tokens_per_second as "tokensPerSecond",
        (select max(worker_models.context_length) from worker_models
          where worker_models.model_id = models.id) as "contextLength"
      from models left join model_speeds on model_speeds.model = models.name`),
    options.prices ?? readCatalog(db),
  ]);
  // After the names: one that came with a rule to hide it is not read without that rule.
  const rules = await readRules(db);
  const awake = new Set(options.awake);
  const hidden = toHiddenModels(rules);
  return new Map(
    rows.map(({ id, name, contextLength, ...row }): [string, KnownModel] => {
      const settings = known.settings.get(name);
      const said = readDescription(row.description, settings?.card);
      const price = priceOf(known, name);
      const isHidden = hidden.has(name);
      const rule = { isAnonymousOnly: isHidden, isOut: false, weight: 1 };
      const { direct, api } = visibilityOf(settings, rule);
      const facts: KnownModel = {
        ...{ modelId: id, model: name, slug: toModelSlug(name), ...row },
        ...{ organization: said.organization ?? null, licence: said.licence ?? null },
        hasOpenWeights: said.hasOpenWeights ?? isOpenLicence(said.licence),
        contextLength: contextLength && toContextLength(contextLength, settings?.card),
        ...{ isAwake: awake.has(name), isHidden, isDirect: direct, isApi: api },
        description: said,
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
