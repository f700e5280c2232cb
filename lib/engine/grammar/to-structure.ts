import type { GrammarSpec, Structure } from "./grammar";

/** What an answer must look like, as a part of something larger. */
export function toStructure(spec: GrammarSpec): Structure {
  switch (spec.type) {
    case "structure":
      return spec.structure;
    case "json-object":
      return { type: "json-schema", schema: { type: "object" } };
    case "choice":
      return { type: "one-of", parts: spec.choices.map((text) => ({ type: "text", text })) };
    default:
      return spec;
  }
}
