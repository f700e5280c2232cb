import { AppError } from "@/lib/errors";
import { errorShapeAt } from "@/lib/http/error-reply";
import { type RouteHandler, route } from "@/lib/http/route";

const ENDPOINTS = "/v1/chat/completions, /v1/completions, /v1/embeddings, /v1/messages, /v1/rerank";

/** Every path under /v1 that is none of ours, in the words that its clients understand. */
export const GET: RouteHandler = (request, context) => {
  const { pathname } = new URL(request.url);
  const options = { shape: errorShapeAt(pathname), caller: "anyone", name: "/v1/*" } as const;
  return route(options, (): Response => {
    throw new AppError("not-found", {
      message: `There is no ${request.method} ${pathname} here. See GET /v1/models and POST ${ENDPOINTS}.`,
    });
  })(request, context);
};

export const HEAD = GET;
export const POST = GET;
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
export const OPTIONS = GET;
