import { SLOTS_DEFAULT } from "@/lib/limits";
import { defineBackend } from "../backend-definition";
import { wrongFlag } from "../flag-rules";
import { createMockBackend } from "./mock";
import { MOCK_MODELS } from "./mock-models";

export const MOCK = defineBackend({
  kind: "mock",
  usage: `  --model <name>        a sentinel such as mock/echo; may be given several times, none means all
`,
  options: {},
  slotsDefault: SLOTS_DEFAULT,
  read: (_values, { models }) => ({ models: models.map(toSentinel) }),
  starting: ({ models }) => (models.length > 0 ? models : Object.keys(MOCK_MODELS)),
  create: async ({ models }, { slots }) => createMockBackend({ models, slots }),
});

function toSentinel(name: string): string {
  if (name in MOCK_MODELS) return name;
  throw wrongFlag("model", `is one of ${Object.keys(MOCK_MODELS).join(", ")}`, name);
}
