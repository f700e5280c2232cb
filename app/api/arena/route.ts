import { arena } from "@/lib/arena/arena";
import { readArenaStatus } from "@/lib/arena/read-models";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";

export const dynamic = "force-dynamic";

export const GET = route({ shape: "parley", caller: "anyone" }, async () =>
  jsonReply(await readArenaStatus(arena())),
);

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
