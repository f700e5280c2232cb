import { type Span, tracer } from "@/lib/telemetry/trace";
import type { Meter } from "@/lib/usage/meter";

/**
 * The span of a request, from its arrival to the end of its answer; undefined where nothing is traced. It
 * is a part of the client's trace where the client says of which. A path with ids in it may say who talks
 * of what, so the route's stands for it.
 */
export function beginRequestSpan(
  request: Request,
  { requestId, label }: { requestId: string; label: string },
): Span | undefined {
  const active = tracer();
  if (active === undefined) return undefined;
  const { headers, method } = request;
  const traceparent = headers.get("traceparent");
  const tracestate = headers.get("tracestate");
  return active.begin({
    name: `${method} ${label}`,
    kind: "server",
    parent: traceparent === null ? undefined : { traceparent, ...(tracestate && { tracestate }) },
    attributes: {
      "http.request.method": method,
      "http.route": label,
      "url.scheme": new URL(request.url).protocol.slice(0, -1),
      "parley.request.id": requestId,
    },
  });
}

/** What came of it; an error's type is its code where one is known, as after the first token. */
export function endRequestSpan(
  span: Span,
  {
    status,
    stream,
    meter,
  }: { status: number; stream: string | undefined; meter: Meter | undefined },
): void {
  span.set({
    "http.response.status_code": status,
    "parley.answer.id": meter?.model === undefined ? undefined : meter.id,
    "parley.outcome": meter?.outcome,
    "parley.attempts": meter?.attempts,
    "parley.resumptions": meter?.resumptions,
    "parley.queued_ms": meter === undefined ? undefined : Math.round(meter.queuedMs),
  });
  const isBroken = stream !== undefined && stream !== "complete";
  if (status >= 500) span.end(meter?.outcome ?? String(status));
  else if (isBroken) span.end(stream);
  else span.end();
}
