import { lightResponse } from "./light-response";
import { type RouteHandler, route } from "./route";

/** Answers OPTIONS at a path with these handlers, as Next does: with the methods that it has. */
export function tellMethods(methods: Iterable<string>): RouteHandler {
  const has = new Set([...methods, "OPTIONS"]);
  if (has.has("GET")) has.add("HEAD");
  const allow = [...has].sort().join(", ");
  return route({ shape: "parley", caller: "anyone", isRoutine: true }, () =>
    lightResponse(null, { status: 204, headers: { allow } }),
  );
}
