import { isAppError } from "@/lib/errors";
import {
  FASTCHAT_CONTEXT_LENGTH_DEFAULT,
  FASTCHAT_QUESTIONS_AT_ONCE_MAX,
} from "@/lib/fleet-limits";
import { WORKER_CALL_MS_MAX } from "@/lib/limits";
import type { ModelFeature } from "@/lib/protocol/worker-card";
import { mapInLanes } from "@/lib/util/map-in-lanes";
import { postWhole } from "./post";
import { modelDetailsSchema, openApiSchema, statusSchema, type WorkerStatus } from "./worker-wire";

type Call = { signal: AbortSignal };

export type AskedModel = { name: string; contextLength: number; features: ModelFeature[] };

/** Which models a worker serves, and how many requests run or wait there. Throws as `post`. */
export function askStatus(address: string, { signal }: Call): Promise<WorkerStatus> {
  const options = { body: {}, signal, headMsMax: WORKER_CALL_MS_MAX, schema: statusSchema };
  return postWhole(address, "/worker_get_status", options);
}

/** What a worker offers, as far as it tells. Throws as `post`. */
export async function askModels(
  address: string,
  names: readonly string[],
  call: Call,
): Promise<AskedModel[]> {
  const features: ModelFeature[] = ["chat"];
  if (await readsTexts(address, call)) features.push("embeddings");
  return mapInLanes([...new Set(names)], FASTCHAT_QUESTIONS_AT_ONCE_MAX, async (name) => {
    return { name, contextLength: await askContextLength(address, name, call), features };
  });
}

async function askContextLength(address: string, model: string, { signal }: Call) {
  const options = { body: { model }, signal, headMsMax: WORKER_CALL_MS_MAX };
  const details = postWhole(address, "/model_details", { ...options, schema: modelDetailsSchema });
  const { context_length: length } = await details.catch(orElse({ context_length: undefined }));
  return length ?? FASTCHAT_CONTEXT_LENGTH_DEFAULT;
}

/**
 * By the list of paths that FastAPI serves, and not by an attempt: a worker that cannot loses one of its
 * places for good with each (its semaphore is not released when the call fails).
 */
async function readsTexts(address: string, { signal }: Call): Promise<boolean> {
  const options = { body: null, signal, headMsMax: WORKER_CALL_MS_MAX, schema: openApiSchema };
  const told = postWhole(address, "/openapi.json", options);
  const { paths } = await told.catch(orElse({ paths: {} }));
  return "/worker_get_embeddings" in paths;
}

/** For an answer that says nothing of use; a worker that gives none may yet. */
function orElse<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (isAppError(error) && error.code === "upstream-invalid") return value;
    throw error;
  };
}
