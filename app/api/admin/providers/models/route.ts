import { methodNotAllowed } from "@/lib/http/not-allowed";
import { route } from "@/lib/http/route";
import { externalModelBodySchema } from "@/lib/protocol/providers-view";
import { addExternalModel } from "@/lib/providers/edit-providers";
import { readAll } from "../read-all";

export const POST = route(
  { shape: "parley", caller: "admin", body: externalModelBodySchema },
  async ({ body }) => {
    await addExternalModel(body);
    return readAll({ status: 201 });
  },
);

export const GET = methodNotAllowed("POST");
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
