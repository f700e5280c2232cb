import { AppError } from "@/lib/errors";

/** Why a grammar is not taken: the caller's request names it `grammar`. */
export function refuse(message: string, cause?: unknown): AppError {
  return new AppError("invalid-request", { message, param: "grammar", cause });
}
