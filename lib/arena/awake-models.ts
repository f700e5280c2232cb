import type { Controller } from "@/lib/controller/controller";
import { AppError, isAppError, toAppError } from "@/lib/errors";
import { NO_WORKER_RETRY_AFTER_SECONDS } from "@/lib/fleet-limits";
import { visibilityOf } from "@/lib/protocol/visibility";
import type { Arena } from "./arena";
import { readModels } from "./store";

export type AwakeChatModel = Awaited<ReturnType<Controller["listModels"]>>[number];

/** Models that can be talked to now. */
export async function readAwakeModels(controller: Controller): Promise<AwakeChatModel[]> {
  const models = await controller.listModels();
  return models.filter((model) => model.features.includes("chat"));
}

/** Of those, the ones whose names may be told: without those that only battles draw. */
export async function readNamedModels(controller: Controller): Promise<AwakeChatModel[]> {
  const models = await controller.listNamedModels();
  return models.filter((model) => model.features.includes("chat"));
}

/**
 * @throws AppError `model-not-found` where one of these is drawn by battles alone by now, `forbidden` where one is
 * not to be chosen on the pages.
 */
export async function assertNamed({ controller }: Arena, names: readonly string[]): Promise<void> {
  const hidden = await controller.findHidden(names);
  const name = names.find((it) => hidden?.has(it));
  if (name !== undefined) throw unknownModel(name);
  const { settings } = await controller.catalog();
  const closed = names.find((it) => !visibilityOf(settings.get(it), undefined).direct);
  if (closed === undefined) return;
  throw new AppError("forbidden", {
    message: `The model ${closed} is not offered on these pages by its name. Choose another.`,
    param: "model",
  });
}

/**
 * A model to talk to by its name, which those that only battles draw have for nobody. Throws as
 * `getAwakeModel`.
 */
export async function getNamedModel(arena: Arena, name: string): Promise<AwakeChatModel> {
  const found = await getAwakeModel(arena, name).catch(toAppError);
  // After it: a model that came with the rule to hide it is not found without that rule being known.
  await assertNamed(arena, [name]);
  if (isAppError(found)) throw found;
  return found;
}

/**
 * A model to talk to, whoever chose it.
 *
 * @throws AppError `no-worker` when it sleeps, `not-supported` when it reads and does not write,
 * `model-not-found` when nobody ever offered it.
 */
export async function getAwakeModel(arena: Arena, name: string): Promise<AwakeChatModel> {
  const model = (await arena.controller.listModels()).find((it) => it.name === name);
  if (model?.features.includes("chat")) return model;
  if (model) {
    const message = `The model ${name} cannot be talked to: it is asked for ${model.features.join(", ")}. Choose another.`;
    throw new AppError("not-supported", { message, param: "model" });
  }
  const known = await readModels(arena.db);
  if (!known.some((it) => it.name === name)) throw unknownModel(name);
  throw new AppError("no-worker", {
    message: `The model ${name} is not awake at the moment. Try again in a few seconds, or choose another.`,
    param: "model",
    retryAfterSeconds: NO_WORKER_RETRY_AFTER_SECONDS,
  });
}

function unknownModel(name: string): AppError {
  const message = `There is no model ${name}. The models page lists those there are.`;
  return new AppError("model-not-found", { message, param: "model" });
}
