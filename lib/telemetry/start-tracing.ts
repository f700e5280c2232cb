import type { Context } from "@opentelemetry/api";
import { env, handTracingToLibraries } from "@/lib/env";
import { settleWithin } from "@/lib/util/settle-within";
import { log } from "./log";
import { type Attributes, installTracer, type SpanStart, type TraceHeaders } from "./trace";

/** What a process that ends gives its last spans to leave. */
const FLUSH_MS_MAX = 1_000;

/**
 * Sends traces to the collector that OTEL_EXPORTER_OTLP_ENDPOINT names, in the standard form and as the
 * other standard variables ask (sampler, headers, batches: the libraries read those themselves). Without
 * a collector the libraries are not even loaded.
 *
 * @returns what the end of the process waits for: it sends what is pending, for a second at most.
 */
export async function startTracing(
  service: "parley-web" | "parley-worker",
): Promise<() => Promise<void>> {
  const settings = env();
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: whole, OTEL_EXPORTER_OTLP_ENDPOINT: base } = settings;
  if ((whole ?? base) === undefined || settings.OTEL_SDK_DISABLED) return async () => undefined;
  handTracingToLibraries();
  const [api, core, resources, sdk, otlp] = await Promise.all([
    import("@opentelemetry/api"),
    import("@opentelemetry/core"),
    import("@opentelemetry/resources"),
    import("@opentelemetry/sdk-trace-base"),
    import("@opentelemetry/exporter-trace-otlp-http"),
  ]);
  // A collector that is away is told of, and is no reason to write anything else to the terminal.
  core.setGlobalErrorHandler((error) => log.warn({ err: error }, "traces were not sent"));
  const told = resources.detectResources({ detectors: [resources.envDetector] });
  const provider = new sdk.BasicTracerProvider({
    resource: resources
      .defaultResource()
      .merge(
        resources.resourceFromAttributes({ "service.name": service, "process.pid": process.pid }),
      )
      .merge(told),
    spanProcessors: [new sdk.BatchSpanProcessor(new otlp.OTLPTraceExporter())],
  });
  const spans = provider.getTracer("parley");
  const propagator = new core.W3CTraceContextPropagator();
  const contextOf = (headers: TraceHeaders | undefined): Context =>
    headers?.traceparent === undefined
      ? api.ROOT_CONTEXT
      : propagator.extract(api.ROOT_CONTEXT, headers, api.defaultTextMapGetter);

  installTracer({
    begin({ name, kind, parent, attributes }: SpanStart) {
      const parentContext = contextOf(parent);
      const spanKind = kind === "server" ? api.SpanKind.SERVER : api.SpanKind.CLIENT;
      const options = { kind: spanKind, attributes: known(attributes) };
      const span = spans.startSpan(name, options, parentContext);
      const headers: TraceHeaders = {};
      const context = api.trace.setSpan(parentContext, span);
      propagator.inject(context, headers, api.defaultTextMapSetter);
      return {
        headers,
        set: (attributes) => void span.setAttributes(known(attributes)),
        end(errorType) {
          if (!span.isRecording()) return;
          if (errorType !== undefined) {
            span.setAttribute("error.type", errorType);
            span.setStatus({ code: api.SpanStatusCode.ERROR });
          }
          span.end();
        },
      };
    },
  });
  log.info({ service: settings.OTEL_SERVICE_NAME ?? service }, "traces are exported");
  return async () => {
    installTracer(undefined);
    await settleWithin([provider.shutdown()], FLUSH_MS_MAX);
  };
}

/** Without what is not known. */
function known(attributes: Attributes = {}): Record<string, string | number | boolean | string[]> {
  const entries = Object.entries(attributes).flatMap(([name, value]) => {
    if (value === undefined) return [];
    return [[name, typeof value === "object" ? [...value] : value] as const];
  });
  return Object.fromEntries(entries);
}
