import { existsSync } from "node:fs";
import { join } from "node:path";
import { listSupportedBackends } from "onnxruntime-node";
import { StartError } from "@/lib/util/start-error";
import { CUDA_LIBRARY, type Device, type DeviceHost, expectDevice, toDeviceError } from "./device";
import { fillEmptyWeights } from "./fill-empty-weights";
import type { GraphSession } from "./graph-session";
import type { GraphSessionOptions } from "./graph-session-options";
import { testNativeSession, testSessions } from "./native-self-test";
import { findLibraryFolder, openOrtLibrary, toReason } from "./ort-library";
import { openPortableSession } from "./ort-node-session";
import { openNativeSession } from "./ort-session";

export type OpenOptions = GraphSessionOptions & {
  /** "native" fails where native sessions do not work; "portable" never tries. Unset: native where it works. */
  prefer?: GraphSession["kind"];
};

export type OpenedSession = {
  session: GraphSession;
  /** Why the session is not native, and what a device other than the CPU means, for the log. */
  note?: string;
};

/** One test a thread and a device: what fails once fails again. */
let selfTest: Promise<void> | undefined;
const deviceTests = new Map<string, Promise<void>>();

const OPENERS = { native: openNativeSession, portable: openPortableSession };

/**
 * Opens a graph natively where a small graph gives the right numbers that way, else portably.
 *
 * @param model a path, or the bytes of a file.
 * @throws StartError when the device is not there, or the file is no ONNX graph that the runtime can load.
 */
export async function openGraphSession(
  model: string | Uint8Array,
  options: OpenOptions,
  testNative: () => Promise<void> = () => (selfTest ??= testNativeSession()),
): Promise<OpenedSession> {
  const { prefer, device = "cpu" } = options;
  if (device !== "cpu") expectDevice(device, thisHost());
  const reason = prefer === "portable" ? "it was asked for" : await findFailure(testNative);
  if (prefer === "native" && reason !== undefined) {
    throw new StartError({
      message: `Native sessions do not work here: ${reason}`,
      remedy: "Leave the choice open to run onnxruntime-node's own interface instead.",
    });
  }
  const kind = reason === undefined ? "native" : "portable";
  if (device !== "cpu") await expectDeviceToWork(device, kind);
  const isRefilled = device !== "cpu" && typeof model !== "string";
  const graph = isRefilled ? fillEmptyWeights(model) : model;
  const session = await orStartError(graph, options, OPENERS[kind]);
  const notes = [
    ...(reason === undefined ? [] : [`The slower portable session is used: ${reason}`]),
    ...(device === "cpu" ? [] : [noteDevice(device, session)]),
  ];
  return notes.length === 0 ? { session } : { session, note: notes.join(" ") };
}

function thisHost(): DeviceHost {
  const { platform, arch } = process;
  return {
    ...{ platform, arch, hasFile: existsSync },
    packageNames: listSupportedBackends().map((it) => it.name),
    libraryFolder: findLibraryFolder(platform, arch),
  };
}

/** A graph that is refused may be broken, or the device be: a graph that is known tells. */
async function expectDeviceToWork(
  device: Exclude<Device, "cpu">,
  kind: GraphSession["kind"],
): Promise<void> {
  const key = `${device} ${kind}`;
  const test = deviceTests.get(key) ?? testSessions(OPENERS[kind], device);
  deviceTests.set(key, test);
  try {
    await test;
  } catch (cause) {
    throw toDeviceError(device, cause, explainCuda(device, kind));
  }
}

/** onnxruntime says that CUDA's library did not load, and why only on stderr. */
function explainCuda(device: Device, kind: GraphSession["kind"]): string | undefined {
  if (device !== "cuda" || kind !== "native") return undefined;
  const folder = findLibraryFolder(process.platform, process.arch);
  return openOrtLibrary().explainLoadFailure(join(folder, CUDA_LIBRARY));
}

/** What an operator of a worker should know of a model on a device. */
function noteDevice(device: Device, { cpuOperators }: GraphSession): string {
  const kinds = [...new Set(cpuOperators)].sort().join(", ");
  const left = cpuOperators?.length
    ? `all operators but ${cpuOperators.length} (${kinds})`
    : cpuOperators
      ? "all operators"
      : "those operators that it has (which is not known here)";
  return `${device} runs ${left}. The cache of keys and values lies in the machine's memory and is copied to the device and back at every step.`;
}

async function findFailure(test: () => Promise<void>): Promise<string | undefined> {
  try {
    await test();
    return undefined;
  } catch (error) {
    return toReason(error);
  }
}

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
