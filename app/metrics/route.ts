import { controller } from "@/lib/controller/controller";
import { refreshWorkerMetrics } from "@/lib/gateway/worker-metrics";
import { authenticateScraper } from "@/lib/http/authenticate";
import { route } from "@/lib/http/route";
import { metrics } from "@/lib/telemetry/metrics";

export const GET = route(
  { shape: "parley", caller: "anyone", isRoutine: true },
  async ({ request }) => {
    authenticateScraper(request);
    await refreshWorkerMetrics(controller());
    const headers = { "content-type": metrics.contentType, "cache-control": "no-store" };
    return new Response(await metrics.metrics(), { headers });
  },
);
