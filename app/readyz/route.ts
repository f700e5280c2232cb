import { readiness } from "@/lib/controller/readiness";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";

/** Whether requests should come here; docs/how-to/observe.md says what each answer means. */
export const GET = route({ shape: "parley", caller: "anyone", isRoutine: true }, async () => {
  const answer = await readiness().ask();
  return jsonReply(answer, { status: answer.status === "ready" ? 200 : 503 });
});
