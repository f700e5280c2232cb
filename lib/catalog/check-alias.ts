import { AppError } from "@/lib/errors";
import type { ModelAlias } from "@/lib/protocol/catalog";
import { AUTO_MODEL } from "@/lib/protocol/routing";

/**
 * Refuses an alias that could not mean what it says, given the others.
 *
 * @throws AppError `invalid-request`, naming the field.
 */
export function checkAlias(alias: ModelAlias, others: ReadonlyMap<string, ModelAlias>): void {
  const { name, targets, mirrors, rollbackOn } = alias;
  if (name === AUTO_MODEL) {
    throw wrong("name", `\`${AUTO_MODEL}\` stands for the best-rated model; choose another name.`);
  }
  for (const [field, list] of Object.entries({ targets, mirrors })) {
    for (const [index, { model }] of list.entries()) {
      const param = `${field}.${index}.model`;
      if (model === AUTO_MODEL)
        throw wrong(param, "An alias stands for models; name one instead of `auto`.");
      if (list.findIndex((it) => it.model === model) !== index) {
        throw wrong(param, `\`${model}\` is named twice; give it once, with the sum of both.`);
      }
    }
  }
  if (rollbackOn && targets.length < 2) {
    throw wrong("rollbackOn", "A rollback needs a second target to go on with; add one.");
  }
  const walk = { aliases: new Map(others).set(name, alias), clear: new Set<string>() };
  for (const [index, { model }] of targets.entries()) {
    const loop = findLoop([name], model, walk);
    if (loop) {
      throw wrong(`targets.${index}.model`, `This goes round: ${loop.join(" → ")}. Name a model.`);
    }
  }
}

/**
 * An alias may name itself, which means the model that it hides; any longer way back is a mistake.
 *
 * @param clear names that lead nowhere back, however one comes to them.
 */
function findLoop(
  trail: readonly string[],
  model: string,
  { aliases, clear }: { aliases: ReadonlyMap<string, ModelAlias>; clear: Set<string> },
): string[] | undefined {
  if (model === trail.at(-1) || clear.has(model)) return undefined;
  if (trail.includes(model)) return [...trail, model];
  for (const { model: next } of aliases.get(model)?.targets ?? []) {
    const loop = findLoop([...trail, model], next, { aliases, clear });
    if (loop) return loop;
  }
  clear.add(model);
  return undefined;
}

function wrong(param: string, message: string): AppError {
  return new AppError("invalid-request", { message, param });
}
