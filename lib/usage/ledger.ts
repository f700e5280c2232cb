import { AppError, type ErrorCode } from "@/lib/errors";
import { processSingleton } from "@/lib/util/process-singleton";
import type { Meter } from "./meter";

/** Every request under way, held against the limits of its caller and models. */
export class UsageLedger {
  readonly #running = new Set<Meter>();

  /** @throws AppError `rate-limited` or `quota-exceeded` */
  open(meter: Meter): void {
    this.#running.add(meter);
  }

  /** @throws AppError `forbidden`, `rate-limited` or `quota-exceeded` */
  admit({ caller: { key }, asked }: Meter, model: string): void {
    const allowed = key?.models;
    if (allowed === undefined || allowed.includes(model) || allowed.includes(asked)) return;
    const code: ErrorCode = "forbidden";
    throw new AppError(code, {
      message: `This API key may not use the model \`${model}\`. It may use: ${allowed.join(", ")}.`,
      param: "model",
    });
  }

  /** @returns the limit that was passed. */
  charge(_meter: Meter): AppError | undefined {
    return undefined;
  }

  close(meter: Meter): void {
    this.#running.delete(meter);
  }

  /** The rate-limit headers of OpenAI's API for this request; none where nothing is limited. */
  headers(_meter: Meter): Record<string, string> {
    return {};
  }
}

/** The ledger of this process. */
export function usageLedger(): UsageLedger {
  return processSingleton("usage-ledger", () => new UsageLedger());
}
