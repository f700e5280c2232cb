import { methodNotAllowed } from "@/lib/http/not-allowed";
import { route } from "@/lib/http/route";
import { enableModelBodySchema, externalModelBodySchema } from "@/lib/protocol/providers-view";
import {
  editExternalModel,
  removeExternalModel,
  switchExternalModel,
} from "@/lib/providers/edit-providers";
import { readAll } from "../../read-all";

export const PUT = route(
  { shape: "parley", caller: "admin", body: externalModelBodySchema },
  async ({ params, body }) => {
    await editExternalModel(params.id ?? "", body);
    return readAll();
  },
);

/** On or off; the rest stays as it is. */
export const PATCH = route(
  { shape: "parley", caller: "admin", body: enableModelBodySchema },
  async ({ params, body }) => {
    await switchExternalModel(params.id ?? "", body.isEnabled);
    return readAll();
  },
);

export const DELETE = route({ shape: "parley", caller: "admin" }, async ({ params }) => {
  await removeExternalModel(params.id ?? "");
  return readAll();
});

export const GET = methodNotAllowed("PUT", "PATCH", "DELETE");
export const POST = GET;
