import { env } from "@/lib/env";
import type { ModelView } from "@/lib/protocol/arena-view";
import type { ModelFeature } from "@/lib/protocol/worker-card";

/** Hosts and names that stand in a shell's and a program's quotes as they are. */
const PLAIN_HOST = /^[\w.-]+(:\d+)?$|^\[[0-9a-f:]+\](:\d+)?$/i;
const PLAIN_NAME = /^[\w.:/@-]+$/;

/** Where this server is called: as its operator says, else as the reader of the page reached it. */
export function toOrigin(headers: Pick<Headers, "get">): string {
  const { PARLEY_PUBLIC_URL: publicUrl, PORT } = env();
  if (publicUrl !== undefined) return new URL(publicUrl).origin;
  const host = headers.get("host") ?? "";
  const scheme = headers.get("x-forwarded-proto") === "https" ? "https" : "http";
  return PLAIN_HOST.test(host) ? `${scheme}://${host}` : `http://localhost:${PORT}`;
}

/** A model awake now that can do what an example asks; undefined where there is none. */
export function findModel(
  models: readonly Pick<ModelView, "name" | "awake" | "features" | "isApi">[],
  feature: ModelFeature,
): string | undefined {
  return models.find(
    ({ name, awake, features, isApi }) =>
      awake && isApi && features.includes(feature) && PLAIN_NAME.test(name),
  )?.name;
}
