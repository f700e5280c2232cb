import { join } from "node:path";
import { StartError } from "@/lib/util/start-error";
import { toReason } from "./ort-library";

/** What runs a graph's operators. Those that a device has no kernel for run on the CPU. */
export const DEVICES = ["cpu", "cuda", "webgpu", "coreml", "directml"] as const;
export type Device = (typeof DEVICES)[number];

type System = `${NodeJS.Platform} ${string}`;

type DeviceFacts = {
  /** What onnxruntime-node's own interface calls it. */
  packageName: string;
  /** What `SessionOptionsAppendExecutionProvider` calls it; undefined where it has a function of its own. */
  providerName?: string;
  /** The systems for which onnxruntime-node 1.30 has it. */
  systems: readonly System[];
};

export const DEVICE_FACTS: Record<Exclude<Device, "cpu">, DeviceFacts> = {
  cuda: { packageName: "cuda", systems: ["linux x64"] },
  webgpu: {
    ...{ packageName: "webgpu", providerName: "WebGPU" },
    systems: ["linux x64", "darwin arm64", "win32 x64", "win32 arm64"],
  },
  coreml: { packageName: "coreml", providerName: "CoreML", systems: ["darwin arm64"] },
  directml: {
    ...{ packageName: "dml", providerName: "DML" },
    systems: ["win32 x64", "win32 arm64"],
  },
};

/** The libraries beside onnxruntime's own that CUDA needs; the npm package is too small to hold them. */
export const CUDA_LIBRARY = "libonnxruntime_providers_cuda.so";
const CUDA_FILES = ["libonnxruntime_providers_shared.so", CUDA_LIBRARY];

/** What a machine has. */
export type DeviceHost = {
  platform: NodeJS.Platform;
  arch: string;
  /** The package's own list of what its library was built with. */
  packageNames: readonly string[];
  /** Where the package keeps its libraries. */
  libraryFolder: string;
  hasFile(path: string): boolean;
};

/**
 * Whether what is installed here could run graphs on a device. Looks for no hardware: `toDeviceError`
 * says what is wrong with that, once it was tried.
 *
 * @throws StartError that names what is missing and how to get it.
 */
export function expectDevice(device: Device, host: DeviceHost): void {
  if (device === "cpu") return;
  const { packageName, systems } = DEVICE_FACTS[device];
  const here = `${host.platform} ${host.arch}` as const;
  if (!systems.includes(here)) {
    throw new StartError({
      message: `There is no ${device} on ${nameSystem(here)}: onnxruntime has it on ${systems.map(nameSystem).join(", ")}.`,
      remedy: remedyOf(here),
    });
  }
  if (!host.packageNames.includes(packageName)) {
    throw new StartError({
      message: `This onnxruntime-node was built without ${device} (it has ${host.packageNames.join(", ")}).`,
      remedy: remedyOf(here),
    });
  }
  const missing = CUDA_FILES.find((it) => !host.hasFile(join(host.libraryFolder, it)));
  if (device === "cuda" && missing !== undefined) {
    throw new StartError({
      message: `onnxruntime's part for cuda is not installed: ${join(host.libraryFolder, missing)} is missing.`,
      remedy: `Fetch it with ${CUDA_INSTALL}; ${CUDA_NEEDS}.`,
    });
  }
}

/** The package's own step after an installation, which our `npm ci` leaves out: it downloads. */
const CUDA_INSTALL =
  "`ONNXRUNTIME_NODE_INSTALL=cuda12 node node_modules/onnxruntime-node/script/install.js`";
const CUDA_NEEDS = "it also needs NVIDIA's driver, CUDA 12 and cuDNN 9 on this machine";
const OR_CPU = "or serve with --device cpu";

/**
 * What a person can do when a device that is installed does not work.
 *
 * @param cause what onnxruntime said about a graph that runs anywhere.
 * @param loadFailure what the system said of the provider's library, where it does not load.
 */
export function toDeviceError(
  device: Exclude<Device, "cpu">,
  cause: unknown,
  loadFailure?: string,
): StartError {
  const reason = toReason(cause);
  const { message, remedy } = explain(device, reason, loadFailure);
  return new StartError({ message, remedy, cause });
}

function explain(device: Exclude<Device, "cpu">, reason: string, loadFailure: string | undefined) {
  if (device === "webgpu" && /WebGPU adapter/.test(reason)) {
    return {
      message: "webgpu found no graphics adapter that it can use here.",
      remedy: `Install the adapter's driver (on Linux its Vulkan driver, which vulkaninfo then lists; a container has to be given the adapter as well), ${OR_CPU}.`,
    };
  }
  const loadReason = loadFailure ?? /Failed to load shared library/.exec(reason)?.[0];
  if (device === "cuda" && loadReason !== undefined) {
    return {
      message: `onnxruntime's library for cuda cannot be loaded: ${toSentence(loadReason)}`,
      remedy: `See that the libraries it names are installed where the system looks for them (${CUDA_NEEDS}), ${OR_CPU}.`,
    };
  }
  if (device === "cuda" && /driver version is insufficient|no CUDA-capable device/i.test(reason)) {
    const lacksDevice = /no CUDA-capable device/i.test(reason);
    return {
      message: lacksDevice
        ? "cuda found no NVIDIA GPU here."
        : "NVIDIA's driver is missing or old.",
      remedy: `See that nvidia-smi lists the GPU (a container has to be given it, and its driver belongs to the host), ${OR_CPU}.`,
    };
  }
  return {
    message: `${device} does not work here: ${toSentence(withoutPlace(reason))}`,
    remedy: `Bring the device's driver up to date, ${OR_CPU}.`,
  };
}

/** onnxruntime puts the file, the function and the condition in C++ before its own words. */
function withoutPlace(reason: string): string {
  return reason.replace(/^.* was false\. /s, "").trim();
}

const toSentence = (text: string) => text.trim().replace(/([^.!?])$/, "$1.");

const SYSTEM_NAMES: Partial<Record<string, string>> = {
  linux: "Linux",
  darwin: "macOS",
  win32: "Windows",
};

function nameSystem(system: System): string {
  const [platform = "", arch = ""] = system.split(" ");
  return `${SYSTEM_NAMES[platform] ?? platform} ${arch}`;
}

function remedyOf(system: System): string {
  const devices = DEVICES.filter((it) => it === "cpu" || DEVICE_FACTS[it].systems.includes(system));
  return `Here --device takes ${devices.join(", ")}.`;
}
