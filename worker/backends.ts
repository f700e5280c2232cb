import type { BackendKind } from "@/lib/protocol/worker-card";
import type { AnyBackendDefinition } from "./backend-definition";
import { CUSTOM } from "./backends/custom-definition";
import { EXTERNAL } from "./backends/external-definition";
import { HUGGINGFACE } from "./backends/huggingface-definition";
import { MOCK } from "./backends/mock-definition";
import { ONNX } from "./backends/onnx-definition";
import { OPENAI_COMPATIBLE } from "./backends/openai-compatible-definition";
import { VLLM } from "./backends/vllm-definition";

/** Every kind of worker that can be started here, in the order of the help. */
export const BACKENDS: Partial<Record<BackendKind, AnyBackendDefinition>> = {
  onnx: ONNX,
  vllm: VLLM,
  "openai-compatible": OPENAI_COMPATIBLE,
  huggingface: HUGGINGFACE,
  external: EXTERNAL,
  custom: CUSTOM,
  mock: MOCK,
};
