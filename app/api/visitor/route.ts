import { arena } from "@/lib/arena/arena";
import { forgetVisitor } from "@/lib/auth/visitor";
import { deleteEverything } from "@/lib/history/edit-conversation";
import { exportEverything } from "@/lib/history/export-conversation";
import { fileReply } from "@/lib/http/file-reply";
import { methodNotAllowed } from "@/lib/http/not-allowed";
import { emptyReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";

export const GET = route({ shape: "parley", caller: "visitor" }, ({ visitorId }) =>
  fileReply({
    name: "parley-everything.json",
    contentType: "application/json; charset=utf-8",
    text: exportEverything(arena(), { visitorId }),
  }),
);

export const DELETE = route({ shape: "parley", caller: "visitor" }, async ({ visitorId }) => {
  await deleteEverything(arena(), { visitorId });
  return emptyReply({ headers: { "set-cookie": forgetVisitor() } });
});

export const POST = methodNotAllowed("GET", "DELETE");
export const PUT = POST;
export const PATCH = POST;
