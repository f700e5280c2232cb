import { arena } from "@/lib/arena/arena";
import { readNamedModels } from "@/lib/arena/awake-models";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { readSnapshot } from "@/lib/leaderboard/read-snapshot";

export const dynamic = "force-dynamic";

export const GET = route({ shape: "parley", caller: "anyone" }, async () => {
  const awake = await readNamedModels(arena().controller);
  return jsonReply(await readSnapshot({ awake: awake.map((model) => model.name) }));
});

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
