import { AppError } from "@/lib/errors";
import type { EmbedRequest, TokenizeRequest } from "@/lib/protocol/text";
import type { ModelFeature } from "@/lib/protocol/worker-card";

/** What may be asked of calls beside `generate`, and cannot be told to a module. */

/** @throws AppError `unsupported-parameter` */
export function refuseOverflow({
  model,
  overflow,
}: {
  model: string;
  overflow?: string | undefined;
}): void {
  if (overflow === undefined || overflow === "refuse") return;
  throw new AppError("unsupported-parameter", {
    message: `What becomes of a text that is too long cannot be told to the module that runs ${model}. Leave it out, or choose another model.`,
    param: "overflow",
  });
}

/** @throws AppError `unsupported-parameter` for ids of tokens. */
export function toTexts({ model, inputs }: EmbedRequest): string[] {
  return inputs.map((input, index) => {
    if (typeof input === "string") return input;
    const message = `The module that runs ${model} reads texts alone, no ids of tokens. Send the text.`;
    throw new AppError("unsupported-parameter", { message, param: `inputs.${index}` });
  });
}

/** @throws AppError `not-supported` for parts of a prompt that the model does not read. */
export function refuseUncounted(
  request: Extract<TokenizeRequest, { messages: unknown }>,
  features: readonly ModelFeature[],
): void {
  const { model, toolRequest, reasoningEffort = "none" } = request;
  const refuse = (what: string, param: string) => {
    throw new AppError("not-supported", { message: `The model ${model} reads no ${what}.`, param });
  };
  if (toolRequest !== undefined && !features.includes("tools")) refuse("tools", "toolRequest");
  if (reasoningEffort !== "none" && !features.includes("reasoning")) {
    refuse("effort of reasoning", "reasoningEffort");
  }
}
