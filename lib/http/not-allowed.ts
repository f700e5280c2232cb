import { AppError } from "@/lib/errors";
import { errorReply, errorShapeAt } from "./error-reply";
import { type RouteHandler, route } from "./route";

/**
 * A handler for the methods a path does not have; Next's own 405 has no body.
 *
 * @example export const PUT = methodNotAllowed("GET", "POST");
 */
export function methodNotAllowed(...allowed: string[]): RouteHandler {
  return (request, context) => {
    const shape = errorShapeAt(new URL(request.url).pathname);
    return route({ shape, caller: "anyone" }, ({ requestId }) => {
      const message = `This path does not answer ${request.method}; use ${allowed.join(" or ")}.`;
      const error = new AppError("method-not-allowed", { message });
      const response = errorReply(error, shape, requestId);
      response.headers.set("allow", allowed.join(", "));
      return response;
    })(request, context);
  };
}
