import { CHOICES_MAX } from "@/lib/limits";
import { unreachable } from "@/lib/util/assert";
import { type Expression, oneOf, text } from "./expression";
import type { GrammarSpec } from "./grammar";
import { parseRegex } from "./parse-regex";
import { refuse } from "./refusal";
import { readSchema } from "./schema-reader";
import { toStructureExpression } from "./structure-to-expression";

/** @throws AppError `invalid-request` that says what cannot be kept to. */
export function toExpression(spec: GrammarSpec): Expression {
  switch (spec.type) {
    case "json-object":
      return readSchema({ type: "object" });
    case "json-schema":
      return readSchema(spec.schema);
    case "regex":
      return parseRegex(spec.pattern, { isSearch: false, name: "The expression" });
    case "choice":
      if (spec.choices.length === 0 || spec.choices.length > CHOICES_MAX) {
        throw refuse(`A choice needs 1 to ${CHOICES_MAX} texts.`);
      }
      return oneOf(spec.choices.map(text));
    case "structure":
      return toStructureExpression(spec.structure);
    default:
      return unreachable(spec);
  }
}
