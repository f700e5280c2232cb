import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type koffi from "koffi";
import { assert } from "@/lib/util/assert";

/*
 * onnxruntime's C interface, on the very library that the package onnxruntime-node ships and would
 * load itself. The package copies every output into fresh memory (6.3 ms a step at 34 MB of keys and
 * values) and holds the calling thread during a run; the C interface does neither.
 *
 * `OrtGetApiBase()` leads to `OrtApi`, a struct of function pointers in the order of
 * onnxruntime_c_api.h. That order only ever grows at its end ("NEVER remove or rearrange the members",
 * onnxruntime_c_api.cc, which asserts the place of the last member of each past version), so the places
 * below hold for every later version too. All are of version 12 or older, but for the five that tell
 * where a graph's operators run, of version 24.
 */

/** An address in native memory; 0n is null. koffi hands addresses out as bigint. */
export type Pointer = bigint;

/** null when all went well, else an OrtStatus that `check` reads and frees. */
type Status = Pointer | null;

/** Receives one pointer. */
type PointerCell = BigUint64Array;

// ORTCHAR_T: paths are UTF-16 on Windows, bytes elsewhere.
const PATH = process.platform === "win32" ? "str16" : "str";

/**
 * Places in `OrtApi`, with the C signatures. Handles are `void *`. Cells and shapes are passed as typed
 * arrays, which koffi hands over as their address: a `_Out_ void **` with an array costs 0.65 µs a call
 * instead of 0.30.
 */
const SIGNATURES = {
  GetErrorMessage: [2, "const char *(void *status)"],
  CreateEnv: [3, "void *(int severity, const char *id, void *env)"],
  CreateSession: [7, `void *(void *env, ${PATH} path, void *options, void *session)`],
  CreateSessionFromArray: [
    8,
    "void *(void *env, void *bytes, size_t length, void *options, void *session)",
  ],
  CreateSessionOptions: [10, "void *(void *options)"],
  SetSessionLogSeverityLevel: [22, "void *(void *options, int severity)"],
  SetSessionGraphOptimizationLevel: [23, "void *(void *options, int level)"],
  SetIntraOpNumThreads: [24, "void *(void *options, int count)"],
  SetInterOpNumThreads: [25, "void *(void *options, int count)"],
  SessionGetInputCount: [30, "void *(void *session, void *count)"],
  SessionGetOutputCount: [31, "void *(void *session, void *count)"],
  SessionGetOverridableInitializerCount: [32, "void *(void *session, void *count)"],
  SessionGetInputTypeInfo: [33, "void *(void *session, size_t index, void *info)"],
  SessionGetOutputTypeInfo: [34, "void *(void *session, size_t index, void *info)"],
  SessionGetOverridableInitializerTypeInfo: [35, "void *(void *session, size_t index, void *info)"],
  SessionGetInputName: [36, "void *(void *session, size_t index, void *allocator, void *name)"],
  SessionGetOutputName: [37, "void *(void *session, size_t index, void *allocator, void *name)"],
  SessionGetOverridableInitializerName: [
    38,
    "void *(void *session, size_t index, void *allocator, void *name)",
  ],
  CreateRunOptions: [39, "void *(void *options)"],
  RunOptionsSetTerminate: [46, "void *(void *options)"],
  RunOptionsUnsetTerminate: [47, "void *(void *options)"],
  CreateTensorWithDataAsOrtValue: [
    49,
    "void *(void *memory, void *data, size_t length, void *shape, size_t rank, int type, void *value)",
  ],
  CastTypeInfoToTensorInfo: [55, "void *(void *info, void *tensor)"],
  GetTensorElementType: [60, "void *(void *tensor, void *type)"],
  GetDimensionsCount: [61, "void *(void *tensor, void *rank)"],
  GetDimensions: [62, "void *(void *tensor, void *dims, size_t rank)"],
  GetSymbolicDimensions: [63, "void *(void *tensor, void *names, size_t rank)"],
  CreateCpuMemoryInfo: [69, "void *(int allocator, int kind, void *memory)"],
  AllocatorFree: [76, "void *(void *allocator, void *memory)"],
  GetAllocatorWithDefaultOptions: [78, "void *(void *allocator)"],
  ReleaseStatus: [93, "void (void *status)"],
  ReleaseSession: [95, "void (void *session)"],
  ReleaseValue: [96, "void (void *value)"],
  ReleaseRunOptions: [97, "void (void *options)"],
  ReleaseTypeInfo: [98, "void (void *info)"],
  ReleaseSessionOptions: [100, "void (void *options)"],
  AddSessionConfigEntry: [130, "void *(void *options, const char *key, const char *value)"],
  RunWithBinding: [133, "void *(void *session, void *options, void *binding)"],
  CreateIoBinding: [134, "void *(void *session, void *binding)"],
  ReleaseIoBinding: [135, "void (void *binding)"],
  BindInput: [136, "void *(void *binding, const char *name, void *value)"],
  BindOutput: [137, "void *(void *binding, const char *name, void *value)"],
  SessionOptionsAppendExecutionProvider_CUDA_V2: [204, "void *(void *options, void *cuda)"],
  CreateCUDAProviderOptions: [205, "void *(void *cuda)"],
  ReleaseCUDAProviderOptions: [208, "void (void *cuda)"],
  SessionOptionsAppendExecutionProvider: [
    216,
    "void *(void *options, const char *name, void *keys, void *values, size_t count)",
  ],
  Session_GetEpGraphAssignmentInfo: [407, "void *(void *session, void *parts, void *count)"],
  EpAssignedSubgraph_GetEpName: [408, "void *(void *part, void *name)"],
  EpAssignedSubgraph_GetNodes: [409, "void *(void *part, void *nodes, void *count)"],
  EpAssignedNode_GetOperatorType: [412, "void *(void *node, void *type)"],
} as const satisfies Record<string, readonly [number, string]>;

/** Calls a function on a thread of libuv's pool; the last argument learns how it went. */
type Asynchronous<Arguments extends unknown[]> = {
  async(...all: [...Arguments, (error: unknown, status: Status) => void]): void;
};

type SessionPart = (session: Pointer, index: number, cell: PointerCell) => Status;
type SessionName = (
  ...all: [session: Pointer, index: number, allocator: Pointer, cell: PointerCell]
) => Status;
type Bind = (binding: Pointer, name: string, value: Pointer) => Status;
type Create = (cell: PointerCell) => Status;
type CountOf = (session: Pointer, cell: PointerCell) => Status;
type Release = (handle: Pointer) => void;
type SetNumber = (options: Pointer, value: number) => Status;
type GetText = (handle: Pointer, cell: PointerCell) => Status;
type GetList = (handle: Pointer, list: PointerCell, count: PointerCell) => Status;

/** `SIGNATURES` once more, in TypeScript. */
export type OrtFunctions = {
  GetErrorMessage(status: Pointer): string;
  CreateEnv(severity: number, id: string, cell: PointerCell): Status;
  CreateSession: Asynchronous<[Pointer, string, Pointer, PointerCell]>;
  CreateSessionFromArray: Asynchronous<[Pointer, Pointer, number, Pointer, PointerCell]>;
  CreateSessionOptions: Create;
  SetSessionLogSeverityLevel: SetNumber;
  SetSessionGraphOptimizationLevel: SetNumber;
  SetIntraOpNumThreads: SetNumber;
  SetInterOpNumThreads: SetNumber;
  SessionGetInputCount: CountOf;
  SessionGetOutputCount: CountOf;
  SessionGetOverridableInitializerCount: CountOf;
  SessionGetInputTypeInfo: SessionPart;
  SessionGetOutputTypeInfo: SessionPart;
  SessionGetOverridableInitializerTypeInfo: SessionPart;
  SessionGetInputName: SessionName;
  SessionGetOutputName: SessionName;
  SessionGetOverridableInitializerName: SessionName;
  CreateRunOptions: Create;
  RunOptionsSetTerminate(options: Pointer): Status;
  RunOptionsUnsetTerminate(options: Pointer): Status;
  CreateTensorWithDataAsOrtValue(
    ...all: [
      ...[memory: Pointer, data: Pointer, byteLength: number],
      ...[shape: BigInt64Array, rank: number, type: number, cell: PointerCell],
    ]
  ): Status;
  CastTypeInfoToTensorInfo(info: Pointer, cell: PointerCell): Status;
  GetTensorElementType(tensor: Pointer, cell: PointerCell): Status;
  GetDimensionsCount(tensor: Pointer, cell: PointerCell): Status;
  GetDimensions(tensor: Pointer, dims: BigInt64Array, rank: number): Status;
  GetSymbolicDimensions(tensor: Pointer, names: BigUint64Array, rank: number): Status;
  CreateCpuMemoryInfo(allocator: number, kind: number, cell: PointerCell): Status;
  AllocatorFree(allocator: Pointer, memory: Pointer): Status;
  GetAllocatorWithDefaultOptions: Create;
  ReleaseStatus: Release;
  ReleaseSession: Release;
  ReleaseValue: Release;
  ReleaseRunOptions: Release;
  ReleaseTypeInfo: Release;
  ReleaseSessionOptions: Release;
  AddSessionConfigEntry(options: Pointer, key: string, value: string): Status;
  RunWithBinding: Asynchronous<[Pointer, Pointer, Pointer]>;
  CreateIoBinding: CountOf;
  ReleaseIoBinding: Release;
  BindInput: Bind;
  BindOutput: Bind;
  SessionOptionsAppendExecutionProvider_CUDA_V2(options: Pointer, cuda: Pointer): Status;
  CreateCUDAProviderOptions: Create;
  ReleaseCUDAProviderOptions: Release;
  SessionOptionsAppendExecutionProvider(
    ...all: [options: Pointer, name: string, keys: null, values: null, count: 0]
  ): Status;
  Session_GetEpGraphAssignmentInfo: GetList;
  EpAssignedSubgraph_GetEpName: GetText;
  EpAssignedSubgraph_GetNodes: GetList;
  EpAssignedNode_GetOperatorType: GetText;
};

/** What a thread needs of onnxruntime, whichever sessions it opens. */
export type OrtLibrary = {
  readonly functions: OrtFunctions;
  /** The process's one OrtEnv. */
  readonly environment: Pointer;
  /** "Memory of the CPU, not from an arena": what our typed arrays are. */
  readonly cpuMemory: Pointer;
  readonly allocator: Pointer;
  /**
   * Where the memory of a typed array lies. One of up to 64 bytes that was made by its length alone
   * begins on V8's own heap, where it may be moved; asking for `buffer` moves it out for good. What lies
   * outside stays where it is for as long as the array is referenced and its buffer not transferred.
   */
  addressOf(data: ArrayBufferView): Pointer;
  /** Reads text that ends with a zero byte. */
  readText(address: Pointer): string;
  /** Reads pointers that lie one after the other. */
  readPointers(address: Pointer, count: number): Pointer[];
  /** Why the system does not load a library, in its own words; undefined when it does. */
  explainLoadFailure(file: string): string | undefined;
};

type Koffi = typeof koffi;

/** OrtLoggingLevel "fatal": what goes wrong comes back as a status and needs no second line on stderr. */
export const LOG_SEVERITY_FATAL = 4;

/**
 * koffi runs native code on stacks of its own. Its 128 KiB for asynchronous calls are less than a
 * thread's usual 8 MiB by far, and kernels of onnxruntime keep packed panels of matrices on the stack.
 * Pages that nothing touches cost nothing.
 */
const STACK_BYTES = 8 * 1024 * 1024;

/** What onnxruntime-node calls the library, by platform. */
const FILE_NAMES: Partial<Record<NodeJS.Platform, string>> = {
  linux: "libonnxruntime.so.1",
  darwin: "libonnxruntime.1.dylib",
  win32: "onnxruntime.dll",
};

const findPackageFile = () =>
  createRequire(import.meta.url).resolve("onnxruntime-node/package.json");

/** The folder in which onnxruntime-node keeps the libraries of a platform. */
export function findLibraryFolder(platform: NodeJS.Platform, arch: string): string {
  return join(dirname(findPackageFile()), "bin", "napi-v6", platform, arch);
}

/** onnxruntime's version, by its package; nothing is loaded for it. */
export function readRuntimeVersion(): string {
  return packageVersion(findPackageFile());
}

function findLibraryFile(): string {
  const { platform, arch } = process;
  const name = FILE_NAMES[platform];
  const file = name && join(findLibraryFolder(platform, arch), name);
  if (!file || !existsSync(file)) {
    throw new Error(`onnxruntime-node brings no library for ${platform} on ${arch}.`);
  }
  return file;
}

function packageVersion(packageFile: string): string {
  const content: unknown = JSON.parse(readFileSync(packageFile, "utf8"));
  const hasVersion = typeof content === "object" && content !== null && "version" in content;
  assert(hasVersion && typeof content.version === "string", `${packageFile} states its version`);
  return content.version;
}

/** The pointer at `index` of a struct that holds nothing else. */
function pointerAt(ffi: Koffi, table: Pointer, index: number): Pointer {
  // `decode` of a pointer type gives an address as bigint, or null.
  const pointer = ffi.decode(table, index * ffi.sizeof("void *"), "void *") as Pointer | null;
  assert(pointer !== null, `entry ${index} of the function table is filled`);
  return pointer;
}

function bindFunction(ffi: Koffi, table: Pointer, [index, signature]: readonly [number, string]) {
  return ffi.decode(pointerAt(ffi, table, index), ffi.proto(signature));
}

/**
 * Keeps the library mapped for as long as the process lives, by a reference that nobody gives back. koffi
 * closes it when its own handle is collected or its thread ends, yet the function table, the OrtEnv and
 * the pools of sessions that a killed thread left behind still lead into its code.
 */
function pinLibrary(ffi: Koffi, libraryFile: string): void {
  const isWindows = process.platform === "win32";
  const reference: Pointer | null = isWindows
    ? ffi.load("kernel32.dll").func("void *LoadLibraryW(str16 path)")(libraryFile)
    : // 2 is RTLD_NOW on Linux and on macOS.
      ffi.load(null).func("void *dlopen(const char *path, int mode)")(libraryFile, 2);
  assert(reference !== null, `${libraryFile} was loaded a second time`);
}

function bindFunctions(ffi: Koffi, libraryFile: string, version: string): OrtFunctions {
  // Refused once a library is loaded, so this module has to be the only user of koffi in its thread.
  ffi.config({ sync_stack_size: STACK_BYTES, async_stack_size: STACK_BYTES });
  const base: Pointer = ffi.load(libraryFile).func("void *OrtGetApiBase()")();
  pinLibrary(ffi, libraryFile);
  const found: string = bindFunction(ffi, base, [1, "const char *()"])();
  if (found !== version) {
    throw new Error(`${libraryFile} is onnxruntime ${found}, its package says ${version}.`);
  }
  // The number of `OrtApi` is the minor version: 1.30 has version 30.
  const apiVersion = Number(version.split(".")[1]);
  const getApi = bindFunction(ffi, base, [0, "void *(uint32_t version)"]);
  const table: Pointer | null = getApi(apiVersion);
  if (table === null) throw new Error(`onnxruntime ${version} has no OrtApi ${apiVersion}.`);
  const functions = Object.entries(SIGNATURES).map(([name, place]) => [
    name,
    bindFunction(ffi, table, place),
  ]);
  // OrtFunctions has the names of SIGNATURES, and the same signatures in TypeScript.
  return Object.fromEntries(functions) as OrtFunctions;
}

/** Turns a status into an error with onnxruntime's message, and frees it. */
export function check(functions: OrtFunctions, status: Status): void {
  if (status === null) return;
  const message = functions.GetErrorMessage(status);
  functions.ReleaseStatus(status);
  throw new Error(message);
}

/** Calls a function whose last argument receives a pointer or a number of 64 bits. */
export function receive(functions: OrtFunctions, call: (cell: BigUint64Array) => Status): Pointer {
  // Over an ArrayBuffer of its own: small typed arrays otherwise begin on V8's heap, where they move.
  const cell = new BigUint64Array(new ArrayBuffer(8));
  check(functions, call(cell));
  return cell[0] ?? 0n;
}

function loadOrtLibrary(): OrtLibrary {
  const require = createRequire(import.meta.url);
  // Not by an import: where koffi has no build for a platform, only native sessions must be missing.
  const ffi: Koffi = require("koffi");
  const libraryFile = findLibraryFile();
  const functions = bindFunctions(ffi, libraryFile, readRuntimeVersion());
  return {
    functions,
    // onnxruntime keeps one OrtEnv in a process and counts who holds it; threads share the library, so
    // each adds one. Never released: it lives as long as the process.
    environment: receive(functions, (it) => functions.CreateEnv(LOG_SEVERITY_FATAL, "parley", it)),
    cpuMemory: receive(functions, (it) => functions.CreateCpuMemoryInfo(0, 0, it)),
    allocator: receive(functions, (it) => functions.GetAllocatorWithDefaultOptions(it)),
    addressOf(data) {
      assert(data.buffer.byteLength >= data.byteLength, "the memory was not transferred elsewhere");
      return ffi.address(data);
    },
    readText: (address) => ffi.decode.string(address),
    readPointers: (address, count) =>
      count === 0 ? [] : ffi.decode(address, ffi.array("void *", count, "Array")),
    explainLoadFailure(file) {
      try {
        ffi.load(file);
        return undefined;
      } catch (error) {
        return toReason(error).replace(/^Failed to load shared library: /, "");
      }
    },
  };
}

/** The message of whatever was thrown. */
export const toReason = (error: unknown) =>
  error instanceof Error ? error.message : String(error);

let library: OrtLibrary | undefined;

/**
 * onnxruntime's C interface in this thread; loaded at the first call.
 *
 * @throws Error where the package has no library for this platform, or one of another version.
 */
export function openOrtLibrary(): OrtLibrary {
  library ??= loadOrtLibrary();
  return library;
}
