import { AppError } from "@/lib/errors";
import { errorReply, errorShapeAt } from "./error-reply";
import { type RouteHandler, route } from "./route";

/** A mark on the function itself: server and routes are two bundles, each with this module of its own. */
const IS_REFUSAL = Symbol.for("parley.is-method-refusal");

/** Whether a handler is one of `methodNotAllowed`, whose method its path does not have. */
export function isMethodRefusal(handler: RouteHandler): boolean {
  return IS_REFUSAL in handler;
}

/**
 * A handler for the methods a path does not have; Next's own 405 has no body.
 *
 * @example export const PUT = methodNotAllowed("GET", "POST");
 */
export function methodNotAllowed(...allowed: string[]): RouteHandler {
  const refusal: RouteHandler = (request, context) => {
    const shape = errorShapeAt(new URL(request.url).pathname);
    return route({ shape, caller: "anyone" }, ({ requestId }) => {
      const message = `This path does not answer ${request.method}; use ${allowed.join(" or ")}.`;
      const error = new AppError("method-not-allowed", { message });
      const response = errorReply(error, shape, requestId);
      response.headers.set("allow", allowed.join(", "));
      return response;
    })(request, context);
  };
  return Object.assign(refusal, { [IS_REFUSAL]: true });
}
