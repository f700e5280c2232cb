import * as z from "zod";
import { AppError, ERROR_CODE_LIST } from "@/lib/errors";
import { processSingleton } from "@/lib/util/process-singleton";

/** How a worker refuses: the body beside a status of `lib/errors.ts`, or of 503 while it loads or drains. */
export const workerErrorSchema = z.object({
  error: z.object({
    code: z.enum(ERROR_CODE_LIST),
    message: z.string(),
    param: z.string().optional(),
    retryable: z.boolean(),
  }),
});
export type WorkerError = z.infer<typeof workerErrorSchema>;

/** What a worker says of its own life; every other call is refused unless it is ready. */
export const workerHealthSchema = z.object({
  state: z.enum(["loading", "ready", "draining"]),
  /** The one it registers with, so that nobody else at its address passes for it. */
  instanceId: z.uuid(),
});
export type WorkerHealth = z.infer<typeof workerHealthSchema>;

/** An error as the body that crosses the wire. The cause stays at home. */
export function toWorkerError(error: AppError): WorkerError {
  const { code, message, param, retryable } = error;
  return { error: { code, message, retryable, ...(param === undefined ? {} : { param }) } };
}

/** The error of a refusal, as it was thrown on the other side; undefined when `body` is no refusal of ours. */
export function fromWorkerError(body: unknown, retryAfter: string | undefined) {
  const parsed = workerErrorSchema.safeParse(body);
  if (!parsed.success) return undefined;
  const { code, message, param } = parsed.data.error;
  const seconds = Number(retryAfter);
  const retryAfterSeconds = retryAfter !== undefined && seconds > 0 ? seconds : undefined;
  return asTold(new AppError(code, { message, param, retryAfterSeconds }));
}

/** Of the whole process: who marks and who asks may be of different module graphs. */
const told = () => processSingleton("told-errors", () => new WeakSet<AppError>());

/** Marks an error as a worker's own word. */
export function asTold(error: AppError): AppError {
  told().add(error);
  return error;
}

/** Whether a worker said so, in a refusal or in its stream; else it was found out here. */
export function wasTold(error: AppError): boolean {
  return told().has(error);
}
