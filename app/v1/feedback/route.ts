import { methodNotAllowed } from "@/lib/http/not-allowed";
import { jsonReply } from "@/lib/http/reply";
import { route } from "@/lib/http/route";
import { feedbackBodySchema } from "@/lib/protocol/feedback";
import { takeFeedback } from "@/lib/usage/feedback";

export const POST = route(
  { shape: "openai", caller: "api", body: feedbackBodySchema },
  async ({ body, api, signal }) => {
    const { answerId } = await takeFeedback({ owner: api.owner, body, signal });
    return jsonReply({ object: "feedback", answer_id: answerId, score: body.score });
  },
);

export const GET = methodNotAllowed("POST");
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
