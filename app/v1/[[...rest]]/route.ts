import { AppError } from "@/lib/errors";
import { route } from "@/lib/http/route";

/** Every path under /v1 that is none of ours, in the words OpenAI's clients understand. */
export const GET = route(
  { shape: "openai", caller: "anyone", name: "/v1/*" },
  ({ request }): Response => {
    throw new AppError("not-found", {
      message: `There is no ${request.method} ${new URL(request.url).pathname} here. See GET /v1/models and POST /v1/chat/completions, /v1/embeddings, /v1/rerank.`,
    });
  },
);

export const HEAD = GET;
export const POST = GET;
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
export const OPTIONS = GET;
