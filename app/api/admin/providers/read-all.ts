import { controller } from "@/lib/controller/controller";
import { jsonReply } from "@/lib/http/reply";
import type { ProvidersView } from "@/lib/protocol/providers-view";
import { readProvidersView } from "@/lib/providers/edit-providers";

/** What keepers see after every change, too: models, their states, and keys without anything of them. */
export async function readAll(init?: ResponseInit): Promise<Response> {
  const awake = await controller().listModels();
  const view = await readProvidersView(new Set(awake.map(({ name }) => name)));
  return jsonReply(view satisfies ProvidersView, init);
}
