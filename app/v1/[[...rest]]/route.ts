import { AppError } from "@/lib/errors";
import { errorShapeAt } from "@/lib/http/error-reply";
import { type RouteHandler, route } from "@/lib/http/route";
import { paths } from "@/lib/paths";

/** Every path under /v1 that is none of ours, in the words that its clients understand. */
export const GET: RouteHandler = (request, context) => {
  const { pathname } = new URL(request.url);
  const options = { shape: errorShapeAt(pathname), caller: "anyone", name: "/v1/*" } as const;
  return route(options, (): Response => {
    throw new AppError("not-found", {
      message: `There is no ${request.method} ${pathname} here. GET ${paths.v1.openapi} tells of all that there is, GET ${paths.developers} to people.`,
    });
  })(request, context);
};

export const HEAD = GET;
export const POST = GET;
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
export const OPTIONS = GET;
