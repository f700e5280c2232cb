import type { AppError } from "@/lib/errors";
import { type ModelProblem, toProblem } from "@/lib/protocol/external-models";
import { UpstreamRefusedError } from "../upstream-error";

/** What an operator has to change before a model answers again; undefined for what passes by itself. */
export function problemOf(error: AppError): ModelProblem | undefined {
  const { cause, code } = error;
  if (!(cause instanceof UpstreamRefusedError)) return undefined;
  const { status, message } = cause;
  if (code === "model-not-found") {
    return toProblem("model-gone", `The provider has no model of this id (status ${status}).`);
  }
  if (code !== "unavailable") return undefined;
  const isKey = status === 401 || status === 403 || status === 407;
  // Its own sentence often quotes a part of the key.
  const sentence = isKey
    ? `The provider refuses the key (status ${status}): check it, and what it may be used for.`
    : message.replace(/^The upstream/, "The provider");
  return toProblem("refused", sentence);
}
