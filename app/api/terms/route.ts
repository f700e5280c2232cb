import { arena } from "@/lib/arena/arena";
import { agreeToTerms, readTerms } from "@/lib/arena/terms";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { termsBodySchema } from "@/lib/protocol/terms";

export const GET = route({ shape: "parley", caller: "visitor" }, async ({ visitorId }) =>
  jsonReply(await readTerms(arena(), { visitorId })),
);

export const POST = route(
  { shape: "parley", caller: "visitor", body: termsBodySchema },
  async ({ body, visitorId }) => jsonReply(await agreeToTerms(arena(), { ...body, visitorId })),
);

export const PUT = methodNotAllowed("GET", "POST");
export const PATCH = PUT;
export const DELETE = PUT;
