import { AppError } from "@/lib/errors";
import { type RouteHandler, route } from "@/lib/http/route";

/** Every path under /api/v1 that is none of ours; FastChat's two are all there are. */
export const GET: RouteHandler = (request, context) => {
  const { pathname } = new URL(request.url);
  const options = { shape: "openai", caller: "anyone", name: "/api/v1/*" } as const;
  return route(options, (): Response => {
    throw new AppError("not-found", {
      message: `There is no ${request.method} ${pathname} here. See POST /api/v1/chat/completions and POST /api/v1/token_check, and /v1 for the rest.`,
    });
  })(request, context);
};

export const HEAD = GET;
export const POST = GET;
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
export const OPTIONS = GET;
