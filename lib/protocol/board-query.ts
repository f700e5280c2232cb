import * as z from "zod";
import { boardKeySchema } from "./board-key-schema";

/** What addresses say of a board: `?category=coding&language=de&style=true&period=30d`, defaults left out. */
export const boardQuerySchema = z.strictObject({
  category: boardKeySchema.shape.category,
  language: boardKeySchema.shape.language,
  style: z
    .enum(["true", "false"])
    .default("false")
    .transform((it) => it === "true"),
  period: boardKeySchema.shape.period,
});
