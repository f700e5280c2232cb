import type { ArenaStatus, ModelList } from "@/lib/protocol/arena-view";
import { readDescription } from "@/lib/protocol/operator-card";
import { visibilityOf } from "@/lib/protocol/visibility";
import { MODEL_FEATURES } from "@/lib/protocol/worker-card";
import type { Arena } from "./arena";
import { readAwakeModels, readNamedModels } from "./awake-models";
import { readLastFeatures, readModels } from "./store";

/** Every model that was ever offered, those awake first; without the ones that only battles draw. */
export async function listModels({ db, controller }: Arena): Promise<ModelList> {
  // Of every kind: a model that cannot be talked to is awake as well.
  const [all, awake, { settings }] = await Promise.all([
    readModels(db),
    controller.listNamedModels(),
    controller.catalog(),
  ]);
  const hidden = await controller.findHidden(all.map(({ name }) => name));
  // By the rules as they were read with the names, too: a model may have come with its own a moment ago.
  const known = all.filter(({ name, isHidden }) => !isHidden && hidden?.has(name) !== true);
  const awakeByName = new Map(awake.map((model) => [model.name, model]));
  const areAllAwake = known.every(({ name }) => awakeByName.has(name));
  const lastFeatures = areAllAwake ? undefined : await readLastFeatures(db);
  const models = known.map(({ id, name, description, isRetired }) => {
    const model = awakeByName.get(name);
    const last = lastFeatures?.get(id) ?? [];
    const said = settings.get(name);
    const { direct, api } = visibilityOf(said, undefined);
    return {
      name,
      awake: model !== undefined,
      ...{ isRetired, isDirect: direct, isApi: api },
      contextLength: model?.contextLength ?? null,
      description: readDescription(description, said?.card),
      workers: model?.workers ?? 0,
      features: model?.features ?? MODEL_FEATURES.filter((it) => last.includes(it)),
    };
  });
  return { models: models.sort((left, right) => Number(right.awake) - Number(left.awake)) };
}

/** How many are awake, and prompts to begin with, without a name. */
export async function readArenaStatus({ controller }: Arena): Promise<ArenaStatus> {
  const [awake, named, workers] = await Promise.all([
    readAwakeModels(controller),
    readNamedModels(controller),
    controller.readWorkerCounts(),
  ]);
  return {
    modelsAwake: awake.length,
    workersReady: workers.ready,
    workersKnown: workers.known,
    examplePrompts: interleave(named.map((model) => model.description.examplePrompts)),
  };
}

/** A prompt of each model in turn, each prompt once, so that the first few are not all one model's. */
function interleave(lists: readonly string[][]): string[] {
  const longest = Math.max(0, ...lists.map((list) => list.length));
  const prompts = Array.from({ length: longest }, (_, index) =>
    lists.flatMap((list) => list.slice(index, index + 1)),
  );
  return [...new Set(prompts.flat())];
}
