import { AppError } from "@/lib/errors";
import type { Meter } from "./meter";

/** @throws AppError `forbidden` where the caller's key may use none of the names that led to the model. */
export function checkAllowed(
  { caller: { key } }: Meter,
  model: string,
  names: readonly string[],
): void {
  const allowed = key?.models;
  if (allowed === undefined || [model, ...names].some((it) => allowed.includes(it))) return;
  throw new AppError("forbidden", {
    message: `This API key may not use the model \`${model}\`. It may use: ${allowed.join(", ")}.`,
    param: "model",
  });
}
