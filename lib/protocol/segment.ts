import * as z from "zod";

/** The part of an answer that one worker wrote. */
export const segmentSchema = z.object({
  workerId: z.uuid(),
  /** Completion tokens of the part. */
  tokens: z.number().int().min(0),
});

export type Segment = z.infer<typeof segmentSchema>;
