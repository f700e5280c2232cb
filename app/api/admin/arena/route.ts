import { methodNotAllowed } from "@/lib/http/not-allowed";
import { route } from "@/lib/http/route";
import { checkPatterns } from "@/lib/moderation/patterns";
import { arenaRulesBodySchema } from "@/lib/protocol/arena-rules-view";
import { editRules } from "@/lib/rules/edit-rules";
import { rules } from "@/lib/rules/rules";
import { readRulesForKeepers } from "./read-rules";

export const dynamic = "force-dynamic";

export const GET = route({ shape: "parley", caller: "admin" }, readRulesForKeepers);

export const PUT = route(
  { shape: "parley", caller: "admin", body: arenaRulesBodySchema },
  async ({ body: { version, ...settings } }) => {
    checkPatterns(settings.moderation.patterns);
    await editRules({ version, settings });
    await rules().refresh();
    return readRulesForKeepers();
  },
);

export const POST = methodNotAllowed("GET, PUT");
export const PATCH = POST;
export const DELETE = POST;
