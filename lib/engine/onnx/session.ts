import { InferenceSession } from "onnxruntime-node";
import { StartError } from "@/lib/util/start-error";

export type SessionOptions = {
  /** Cores that one run may use. */
  threadCount: number;
};

/**
 * Opens an ONNX file on the CPU. `run` of such a session holds the thread it is called on until the
 * step is done: whoever serves requests as well keeps the session in a thread of its own.
 *
 * @throws StartError when the file is no ONNX graph that the runtime can load.
 */
export async function openSession(
  path: string,
  options: SessionOptions,
): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(path, {
      executionProviders: ["cpu"],
      intraOpNumThreads: options.threadCount,
      // Decoder graphs are one long chain: nothing for a second operator to run beside.
      interOpNumThreads: 1,
      executionMode: "sequential",
      graphOptimizationLevel: "all",
      // 3 is "error": warnings about unused initializers are of no use to who runs a model.
      logSeverityLevel: 3,
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StartError({
      message: `${path} cannot be loaded: ${reason}`,
      remedy: "Copy the file again (a broken download is the usual cause) or export it anew.",
      cause,
    });
  }
}
