import { createHash, timingSafeEqual } from "node:crypto";
import { AppError } from "@/lib/errors";

/** Checks `Authorization: Bearer <secret>`; digests of equal length are compared in constant time. */
export class Bearer {
  readonly #expected: Buffer;

  constructor(secret: string) {
    this.#expected = digest(`Bearer ${secret}`);
  }

  /** @throws AppError `unauthenticated` */
  check(header: string | undefined): void {
    if (timingSafeEqual(digest(header ?? ""), this.#expected)) return;
    throw new AppError("unauthenticated", {
      message:
        "The shared secret is missing or wrong. Set the same PARLEY_WORKER_SECRET on both sides.",
    });
  }
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
