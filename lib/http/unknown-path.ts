import { AppError } from "@/lib/errors";
import { paths } from "@/lib/paths";
import { errorShapeAt } from "./error-reply";
import { type RouteHandler, route } from "./route";

/**
 * Answers every path below one that programs call and that is none of ours, in the words of its clients.
 *
 * @param name the route in metrics: what was asked for is the caller's own text.
 * @param known what there is instead, as `POST /tokenize`.
 *
 * @example export const GET = unknownPath("/tokenize/*", ["POST /tokenize"]);
 */
export function unknownPath(name: string, known: readonly string[]): RouteHandler {
  const told = `There is ${known.join(", ")}; GET ${paths.v1.openapi} tells of all, GET ${paths.developers} to people.`;
  return (request, context) => {
    const { pathname } = new URL(request.url);
    const options = { shape: errorShapeAt(pathname), caller: "anyone", name } as const;
    return route(options, (): Response => {
      const message = `There is no ${request.method} ${pathname} here. ${told}`;
      throw new AppError("not-found", { message });
    })(request, context);
  };
}
