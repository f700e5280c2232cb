import { closeAdminSession, isAdminSession, openAdminSession } from "@/lib/auth/admin-session";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { emptyReply, jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { checkSameOrigin } from "@/lib/http/same-origin";
import { adminSessionBodySchema } from "@/lib/protocol/arena-view";

export const GET = route({ shape: "parley", caller: "anyone" }, ({ request }) =>
  jsonReply({ open: isAdminSession(request.headers.get("cookie")) }),
);

export const POST = route(
  { shape: "parley", caller: "anyone", body: adminSessionBodySchema, bodyBytesMax: 4_096 },
  ({ request, body, network }) => {
    checkSameOrigin(request);
    return emptyReply({ headers: { "set-cookie": openAdminSession(body.token, network) } });
  },
);

export const DELETE = route({ shape: "parley", caller: "anyone" }, ({ request }) => {
  checkSameOrigin(request);
  return emptyReply({ headers: { "set-cookie": closeAdminSession() } });
});

export const PUT = methodNotAllowed("GET", "POST", "DELETE");
export const PATCH = PUT;
