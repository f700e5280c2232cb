import { AppError } from "@/lib/errors";

/**
 * What to throw when a row has no usable highest logit: NaN or Infinity (weights that overflow, a
 * damaged file), or nothing but -Infinity. `internal` reaches the client in these words and is not
 * sent to another worker: the same weights would give the same numbers there.
 *
 * @param logit one that shows what is wrong.
 */
export function brokenLogits(logit: number): AppError {
  return new AppError("internal", {
    message: `The model produced no usable numbers (${logit}). Its files may be damaged or its number format too narrow; another model can answer.`,
    cause: new RangeError(`the highest logit is ${logit}`),
  });
}
