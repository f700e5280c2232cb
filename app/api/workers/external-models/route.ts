import { methodNotAllowed } from "@/lib/http/not-allowed";
import { isPrivateWay } from "@/lib/http/private-way";
import { emptyReply, jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { type HandedModels, toldProblemsSchema } from "@/lib/protocol/external-models";
import { handToWorker, hearProblems } from "@/lib/providers/hand-to-worker";

// Its body holds keys: nobody on the way keeps it, and no log has it.
const KEPT_BY_NOBODY = "no-store";

export const GET = route(
  { shape: "parley", caller: "worker", isRoutine: true },
  async ({ request, worker }) => {
    const { tag, models } = await handToWorker(worker, isPrivateWay(request));
    const headers = { etag: tag, "cache-control": KEPT_BY_NOBODY };
    const isKnown = request.headers.get("if-none-match") === tag;
    if (isKnown) return new Response(null, { status: 304, headers });
    return jsonReply(models satisfies HandedModels, { headers });
  },
);

/** What is wrong with them at a worker, or not any more. */
export const POST = route(
  { shape: "parley", caller: "worker", body: toldProblemsSchema, isRoutine: true },
  async ({ body, worker }) => {
    await hearProblems(worker, body);
    return emptyReply();
  },
);

export const PUT = methodNotAllowed("GET", "POST");
export const PATCH = PUT;
export const DELETE = PUT;
