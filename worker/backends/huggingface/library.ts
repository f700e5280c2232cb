import type { Log } from "@/lib/telemetry/log";

/** Hugging Face's own library. It is loaded by workers of this kind alone. */
export type Library = typeof import("@huggingface/inference");

/** @param log what the library tells of its choices goes there, and not to the terminal. */
export async function loadLibrary(log: Log): Promise<Library> {
  const library = await import("@huggingface/inference");
  const tell = (message: string, ...more: unknown[]) =>
    log.debug({ told: [message, ...more].map(String).join(" ") }, "Hugging Face's library");
  library.setLogger({ debug: tell, info: tell, log: tell, warn: tell, error: tell });
  return library;
}
