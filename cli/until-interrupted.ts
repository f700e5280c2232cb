import { CLI_EXIT_CODES, CliError } from "./cli-error";

/** Runs work that Ctrl-C ends: what it has is kept, as it says of itself. */
export async function untilInterrupted<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const interrupt = new AbortController();
  const onSignal = () => interrupt.abort(new Error("interrupted"));
  process.once("SIGINT", onSignal);
  process.once("SIGTERM", onSignal);
  try {
    return await work(interrupt.signal);
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    throw new CliError({
      message: "Interrupted.",
      remedy: "Run the same again to go on.",
      exitCode: CLI_EXIT_CODES.interrupted,
      cause: error,
    });
  } finally {
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
  }
}
