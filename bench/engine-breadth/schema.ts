import type { JsonSchema } from "@/lib/engine/grammar/grammar";

/**
 * What programs ask for: nested objects, arrays, enumerations, numbers and patterns.
 *
 * @param salt makes a schema that no cache has seen.
 * @param lineCountMin lines of the order; with many, an answer outlasts a measurement.
 */
export function orderSchema(salt: number, lineCountMin = 1): JsonSchema {
  const properties = {
    id: { type: "string", pattern: "^ORD-[0-9]{6}$" },
    status: { enum: ["open", "paid", "packed", "shipped", "returned"] },
    customer: object({
      name: { type: "string", minLength: 1, maxLength: 80 },
      email: { type: "string", pattern: "^[a-z0-9._-]{1,40}@[a-z0-9-]{1,40}\\.[a-z]{2,6}$" },
      age: { type: "integer", minimum: 0, maximum: 150 },
      address: object({
        street: { type: "string" },
        postcode: { type: "string", pattern: "^[0-9]{5}$" },
        country: { enum: ["AT", "BE", "CH", "DE", "FR", "IT", "NL", "PL"] },
      }),
    }),
    lines: {
      type: "array",
      minItems: lineCountMin,
      items: object({
        sku: { type: "string", pattern: "^[A-Z]{3}-[0-9]{2,8}$" },
        quantity: { type: "integer", minimum: 1 },
        price: { type: "number" },
        isGift: { type: "boolean" },
        tags: { type: "array", items: { type: "string", maxLength: 40 }, maxItems: 8 },
      }),
    },
    discount: { anyOf: [{ type: "number" }, { type: "null" }] },
    [`note${salt}`]: { type: "string" },
  };
  return object(properties);
}

function object(properties: Record<string, unknown>): { [key: string]: unknown } {
  return {
    type: "object",
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  };
}
