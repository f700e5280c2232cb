import type { Hub, HubName, HubOptions } from "./hub";
import { huggingFace } from "./hugging-face";
import { modelScope } from "./model-scope";

type KnownHub = {
  make(options: HubOptions): Hub;
  /** Variables that hold its token, the first that is set counts: as its own tools call them. */
  tokens: readonly string[];
  /** A variable that names a mirror. */
  endpoint?: string;
};

export const HUBS: Record<HubName, KnownHub> = {
  huggingface: {
    make: huggingFace,
    tokens: ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"],
    endpoint: "HF_ENDPOINT",
  },
  modelscope: { make: modelScope, tokens: ["MODELSCOPE_API_TOKEN"] },
};
