import { methodNotAllowed } from "@/lib/http/not-allowed";
import { route } from "@/lib/http/route";
import { openApiText } from "@/lib/openapi/document";

// To be asked for again each time, which costs an empty answer while nothing has changed.
const CACHE = "public, no-cache";

export const GET = route({ shape: "openai", caller: "anyone" }, ({ request }) => {
  const { text, etag } = openApiText();
  const headers = { etag, "cache-control": CACHE, "content-type": "application/json" };
  const known = request.headers.get("if-none-match")?.split(",") ?? [];
  const isKnown = known
    .map((it) => it.trim().replace(/^W\//, ""))
    .some((it) => it === "*" || it === etag);
  if (isKnown) return new Response(null, { status: 304, headers });
  return new Response(text, { headers });
});

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
