import { AppError } from "@/lib/errors";

/**
 * What programs may not ask for, as with a key that may not use a model: it is there, and on the boards, and
 * another name of the request may do.
 */
export function notServed(name: string): AppError {
  return new AppError("forbidden", {
    message: `The model \`${name}\` is not served through the API: whoever keeps this server offers it on the pages or in battles alone. Choose another; \`GET /v1/models\` lists those there are.`,
    param: "model",
  });
}
