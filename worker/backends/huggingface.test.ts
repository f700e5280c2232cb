/**
 * Goal: models at Hugging Face are workers like any other, whichever of its ways leads to them.
 * Method: the contract and the faults before stand-ins of TGI, an endpoint and the hub's router, with Hugging
 * Face's own library between.
 */
import { backendContract } from "../backend-contract";
import { backendFaults } from "../backend-faults";
import { type HostedInput, startHosted, TOKEN } from "./huggingface-testing";

const WAYS: Record<string, HostedInput> = {
  "an endpoint": { features: ["chat", "tools"] },
  "TGI's own wire": { api: "generate", template: "vicuna_v1.1" },
  "an endpoint's completions": { api: "completions", template: "vicuna_v1.1", server: "tgi" },
  "the hub's router": { endpoint: undefined, features: ["chat", "tools", "reasoning"] },
  "a named provider": { endpoint: undefined, provider: "together", features: ["chat", "tools"] },
};

for (const [way, input] of Object.entries(WAYS)) {
  backendContract(`huggingface by ${way}`, async () => {
    const { backend, close } = await startHosted(input);
    return { backend, model: "shown", close };
  });
  backendFaults(`huggingface by ${way}`, {
    start: async ({ tokenMs, silenceMs }) => {
      const more = { silenceSeconds: silenceMs / 1_000 };
      const { backend, server, close } = await startHosted({ ...input, ...more }, { tokenMs });
      const answers = () => server.asked.filter(({ method }) => method === "POST");
      return {
        ...{ backend, model: "shown", close, setFault: server.setFault },
        askedCount: () => answers().length,
        closedEarly: async () => (await answers().at(-1)?.closedEarly) ?? false,
        hidden: [TOKEN, new URL(server.url).host],
      };
    },
  });
}
