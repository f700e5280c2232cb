import { processSingleton } from "@/lib/util/process-singleton";

/**
 * Traces as the rest of the system sees them: spans that may be there or not. Nothing of OpenTelemetry is
 * loaded from here; `start-tracing.ts` puts a tracer in where an exporter is configured, and everywhere
 * else each place that would tell something asks one property and goes on.
 */

export type Attributes = Record<string, string | number | boolean | readonly string[] | undefined>;

/** A piece of work with its time. Attributes are ids, names and numbers: never what was said. */
export type Span = {
  /** W3C trace context, for whoever does a part of the work. */
  readonly headers: TraceHeaders;
  set(attributes: Attributes): void;
  /** The end; the first one counts. @param errorType a code where it failed: `worker-lost`, `503`. */
  end(errorType?: string): void;
};

export type TraceHeaders = { traceparent?: string; tracestate?: string };

export type SpanStart = {
  /** Of few different values, as `POST /v1/chat/completions`. */
  name: string;
  kind: "server" | "client";
  /** What it is a part of, as it came in headers or from a span here; otherwise a trace begins. */
  parent?: TraceHeaders | undefined;
  attributes?: Attributes;
};

export type Tracer = { begin(start: SpanStart): Span };

const holder = processSingleton("tracing", () => ({ tracer: undefined as Tracer | undefined }));

/** The tracer of this process; undefined where nothing is exported. */
export function tracer(): Tracer | undefined {
  return holder.tracer;
}

/** Puts a tracer in, or takes it out. */
export function installTracer(tracer: Tracer | undefined): void {
  holder.tracer = tracer;
}
