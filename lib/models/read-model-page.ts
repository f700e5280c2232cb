import { VARIANTS_SHOWN_MAX } from "@/lib/arena-limits";
import type { Prices } from "@/lib/catalog/price-of";
import { controller } from "@/lib/controller/controller";
import { type Database, database } from "@/lib/db/client";
import { AppError } from "@/lib/errors";
import { type KnownModel, readModelFacts } from "@/lib/leaderboard/model-facts";
import { toFacts } from "@/lib/leaderboard/read-board-view";
import { toOpponents } from "@/lib/leaderboard/read-opponents";
import { readPairsOfModel } from "@/lib/leaderboard/read-pairs";
import {
  boardKeyText,
  CATEGORIES,
  isStanding,
  OVERALL,
  parseBoardKey,
} from "@/lib/protocol/board-key";
import { boardEntrySchema, type ModelPage } from "@/lib/protocol/board-view";
import { isSlugOf } from "@/lib/protocol/model-slug";
import { MODEL_FEATURES } from "@/lib/protocol/worker-card";
import { processSingleton } from "@/lib/util/process-singleton";
import { PrivateVotes } from "./private-votes";
import { readBoardVotes, readLastFeatures, readLedger, readPlaces, readVariants } from "./store";
import { toLedger, toVariants } from "./to-model-page";

/** What a page asks of the controller. */
export type ModelPageContext = {
  /** This process's database unless given. */
  db?: Database;
  /** This process's workers unless given. */
  controller?: { listModels(): Promise<readonly { name: string; features: readonly string[] }[]> };
  privateVotes?: PrivateVotes;
  /** What operators said of models; this process's copy unless given. */
  prices?: Prices;
};

/**
 * All that is told of a model: from stored boards and its own rows, whatever the number of votes.
 *
 * @param slug as it stands in the address, or decoded.
 * @throws AppError `model-not-found`: alike, and after the same work, for a name that nobody has and for one that
 * nobody is told.
 */
export async function readModelPage(
  slug: string,
  context: ModelPageContext = {},
): Promise<ModelPage> {
  const { db = database(), controller: workers = controller(), privateVotes, prices } = context;
  const awake = await workers.listModels();
  const known = await readModelFacts(
    { awake: awake.map((it) => it.name), ...(prices && { prices }) },
    db,
  );
  const found = [...known.values()].find(
    ({ model, isHidden }) => isSlugOf(slug, model) && !isHidden,
  );
  if (found === undefined) {
    throw new AppError("model-not-found", {
      message: "There is no model of this name. The models page lists those there are.",
    });
  }
  const { modelId, isWithdrawn, description, isDirect, isApi } = found;
  const facts = toFacts(found);
  const overall = boardKeyText(OVERALL);
  const features = awake.find((it) => it.name === facts.model)?.features;
  const [lastFeatures, places, pairs, ledger, variants] = await Promise.all([
    features ?? readLastFeatures(db, modelId),
    readPlaces(db, modelId),
    readPairsOfModel(db, overall, modelId),
    readLedger(db, modelId),
    listVariants(db, { organization: facts.organization, known, privateVotes }),
  ]);
  return {
    facts,
    ...{ description, isDirect, isApi },
    features: MODEL_FEATURES.filter((it) => lastFeatures.includes(it)),
    isWithdrawn,
    places: toPlaces(places),
    opponents: toOpponents(pairs, known),
    ledger: toLedger(ledger),
    variants,
  };
}

/** The overall board first, each without style control before the same with it, languages last. */
function toPlaces(rows: Awaited<ReturnType<typeof readPlaces>>): ModelPage["places"] {
  const placed = rows.flatMap(({ key: text, entry, models }) => {
    const key = parseBoardKey(text);
    const read = boardEntrySchema.safeParse(entry);
    if (key === undefined || !isStanding(key) || !read.success) return [];
    const order = `${key.language ?? ""} ${CATEGORIES.indexOf(key.category)} ${key.style}`;
    return [{ order, place: { ...read.data, key: text, models } }];
  });
  return placed.sort((one, other) => (one.order < other.order ? -1 : 1)).map(({ place }) => place);
}

async function listVariants(
  db: Database,
  options: {
    organization: string | null;
    known: ReadonlyMap<string, KnownModel>;
    privateVotes: PrivateVotes | undefined;
  },
): Promise<ModelPage["variants"]> {
  const { organization, known } = options;
  if (organization === null) return [];
  const rows = await readVariants(db, organization, VARIANTS_SHOWN_MAX);
  // Of a model that registered since the facts were read nothing is known, and so nothing is told.
  const isPrivate = (id: string) => known.get(id)?.isHidden ?? true;
  const [named, hidden] = [false, true].map((wanted) =>
    rows.filter(({ id }) => isPrivate(id) === wanted).map(({ id }) => id),
  );
  const kept = options.privateVotes ?? processSingleton("private-votes", () => new PrivateVotes());
  const [votes, rounded] = await Promise.all([
    readBoardVotes(db, boardKeyText(OVERALL), named ?? []),
    kept.read(db, hidden ?? []),
  ]);
  const isAwake = (id: string) => known.get(id)?.isAwake ?? false;
  return toVariants(rows, { isPrivate, isAwake, votes: new Map([...votes, ...rounded]) });
}
