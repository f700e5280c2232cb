import type { Hub, HubName, HubOptions } from "./hub";
import { huggingFace } from "./hugging-face";
import { modelScope } from "./model-scope";

type KnownHub = {
  make(options: HubOptions): Hub;
  /** Variables that hold its token, the first that is set counts: as its own tools call them. */
  tokens: readonly string[];
  /** A variable that names a mirror. */
  endpoint: string;
  /** The base URL that it names. */
  findEndpoint(variable: (name: string) => string | undefined): string | undefined;
};

export const HUBS: Record<HubName, KnownHub> = {
  huggingface: {
    make: huggingFace,
    tokens: ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"],
    endpoint: "HF_ENDPOINT",
    findEndpoint: (variable) => variable("HF_ENDPOINT"),
  },
  modelscope: {
    make: modelScope,
    tokens: ["MODELSCOPE_API_TOKEN"],
    endpoint: "MODELSCOPE_DOMAIN",
    // Its tools take a name without a scheme, such as www.modelscope.ai.
    findEndpoint: (variable) => {
      const domain = variable("MODELSCOPE_DOMAIN");
      return domain === undefined || domain.includes("://") ? domain : `https://${domain}`;
    },
  },
};
