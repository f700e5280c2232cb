import { unknownPath } from "@/lib/http/unknown-path";
import { OPERATIONS } from "@/lib/openapi/operations";

/** Those that need no id to be asked. */
const KNOWN = OPERATIONS.filter(({ path }) => path.startsWith("/v1/") && !path.includes("{")).map(
  ({ method, path }) => `${method.toUpperCase()} ${path}`,
);

export const GET = unknownPath("/v1/*", KNOWN);

export const HEAD = GET;
export const POST = GET;
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
export const OPTIONS = GET;
