import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";

/** This process runs its event loop; nothing else is asked, so that a sick database restarts no web process. */
export const GET = route({ shape: "parley", caller: "anyone", isRoutine: true }, () =>
  jsonReply({ status: "ok" }),
);
