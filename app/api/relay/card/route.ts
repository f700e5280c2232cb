import { methodNotAllowed } from "@/lib/http/not-allowed";
import { RELAY_ROUTE } from "@/lib/http/relay-route";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { enterRelay } from "@/lib/relay/serve-relayed";

export const GET = route(RELAY_ROUTE, () => jsonReply(enterRelay([]).card));

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
