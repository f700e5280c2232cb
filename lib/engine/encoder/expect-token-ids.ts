import { AppError } from "@/lib/errors";

/** @throws AppError `invalid-request` for what is no id of a vocabulary of this size. */
export function expectTokenIds(
  ids: readonly number[],
  { vocabularySize, param }: { vocabularySize: number; param: string },
): void {
  const wrong = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabularySize);
  if (wrong === undefined) return;
  throw new AppError("invalid-request", {
    message: `${wrong} is not a token of this model: its ids go from 0 to ${vocabularySize - 1}.`,
    param,
  });
}
