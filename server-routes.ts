import type { RouteModule } from "@/lib/http/front";

/** What programs call, answered by the very handlers Next has, without Next (lib/http/front.ts). */
export const HOT_ROUTES: Record<string, RouteModule> = {};
