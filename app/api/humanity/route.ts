import { arena } from "@/lib/arena/arena";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { emptyReply, jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { isHumanityDue, proveHuman } from "@/lib/moderation/humanity";
import { type HumanityView, humanityBodySchema } from "@/lib/protocol/humanity";
import { rules } from "@/lib/rules/rules";

export const GET = route({ shape: "parley", caller: "visitor" }, async ({ visitorId }) => {
  const { humanity } = await rules().get();
  const { siteKey, scriptUrl = null } = humanity;
  const isDue = await isHumanityDue(arena().db, humanity, visitorId);
  return jsonReply({ isDue, siteKey, scriptUrl } satisfies HumanityView);
});

export const POST = route(
  { shape: "parley", caller: "visitor", body: humanityBodySchema, bodyBytesMax: 16_384 },
  async ({ visitorId, body, signal }) => {
    const { humanity } = await rules().get();
    await proveHuman(arena().db, humanity, { visitorId, token: body.token, signal });
    return emptyReply();
  },
);

export const PUT = methodNotAllowed("GET", "POST");
export const PATCH = PUT;
export const DELETE = PUT;
