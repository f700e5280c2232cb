import { StartError } from "@/lib/util/start-error";
import type { GraphSession } from "./graph-session";
import type { GraphSessionOptions } from "./graph-session-options";
import { testNativeSession } from "./native-self-test";
import { openPortableSession } from "./ort-node-session";
import { openNativeSession } from "./ort-session";

export type OpenOptions = GraphSessionOptions & {
  /** "native" fails where native sessions do not work; "portable" never tries. Unset: native where it works. */
  prefer?: GraphSession["kind"];
};

export type OpenedSession = {
  session: GraphSession;
  /** Why the session is not native, in one sentence for the log. */
  note?: string;
};

/** One test a thread: what fails once fails again. */
let selfTest: Promise<void> | undefined;

/**
 * Opens a graph natively where a small graph gives the right numbers that way, else portably.
 *
 * @param model a path, or the bytes of a file.
 * @throws StartError when the file is no ONNX graph that the runtime can load.
 */
export async function openGraphSession(
  model: string | Uint8Array,
  options: OpenOptions,
  testNative: () => Promise<void> = () => (selfTest ??= testNativeSession()),
): Promise<OpenedSession> {
  const { prefer } = options;
  const reason = prefer === "portable" ? "it was asked for" : await findFailure(testNative);
  if (reason === undefined) {
    return { session: await orStartError(model, options, openNativeSession) };
  }
  if (prefer === "native") {
    throw new StartError({
      message: `Native sessions do not work here: ${reason}`,
      remedy: "Leave the choice open to run onnxruntime-node's own interface instead.",
    });
  }
  const session = await orStartError(model, options, openPortableSession);
  return { session, note: `The slower portable session is used: ${reason}` };
}

async function findFailure(test: () => Promise<void>): Promise<string | undefined> {
  try {
    await test();
    return undefined;
  } catch (error) {
    return toReason(error);
  }
}

const toReason = (error: unknown) => (error instanceof Error ? error.message : String(error));

async function orStartError(
  model: string | Uint8Array,
  options: GraphSessionOptions,
  open: (model: string | Uint8Array, options: GraphSessionOptions) => Promise<GraphSession>,
): Promise<GraphSession> {
  try {
    return await open(model, options);
  } catch (cause) {
    const source = options.source ?? (typeof model === "string" ? model : "The model in memory");
    throw new StartError({
      message: `${source} cannot be loaded: ${toReason(cause).replace(/([^.!?])$/, "$1.")}`,
      remedy: "Copy the file again (a broken download is the usual cause) or export it anew.",
      cause,
    });
  }
}
