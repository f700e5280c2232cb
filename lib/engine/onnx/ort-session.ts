import { assert } from "@/lib/util/assert";
import { DEVICE_FACTS } from "./device";
import type { GraphBinding, GraphSession, TensorDeclaration, TensorView } from "./graph-session";
import { type GraphSessionOptions, toConfigEntries } from "./graph-session-options";
import { readDeclarations, toElementNumber } from "./ort-declarations";
import {
  check,
  LOG_SEVERITY_FATAL,
  type OrtFunctions,
  type OrtLibrary,
  openOrtLibrary,
  type Pointer,
  receive,
} from "./ort-library";
import { RECORD_PLACEMENT, readCpuOperators } from "./ort-placement";

/** GraphOptimizationLevel "all". */
const OPTIMIZE_ALL = 99;

/** More dimensions than any tensor of a decoder has. */
const RANK_MAX = 8;

/**
 * Opens a graph through onnxruntime's C interface. Loading and running happen on threads of libuv's
 * pool, so the calling thread stays free. The pool has four threads for the whole process (environment
 * variable UV_THREADPOOL_SIZE): a fifth session that runs at the same time waits, and so does file work.
 *
 * @param model a path, or the bytes of a file (not kept; must not change until the session is open).
 * @throws Error with onnxruntime's own message.
 */
export async function openNativeSession(
  model: string | Uint8Array,
  options: GraphSessionOptions,
  library: OrtLibrary = openOrtLibrary(),
): Promise<GraphSession> {
  const handle = await createSession(library, model, options);
  const isOnDevice = (options.device ?? "cpu") !== "cpu";
  try {
    const cpuOperators = isOnDevice ? readCpuOperators(library, handle) : undefined;
    const declarations = readDeclarations(library, handle);
    return new OrtSession(library, handle, { ...declarations, isOnDevice, cpuOperators });
  } catch (error) {
    library.functions.ReleaseSession(handle);
    throw error;
  }
}

function createOptions({ functions: f }: OrtLibrary, options: GraphSessionOptions): Pointer {
  const handle = receive(f, (cell) => f.CreateSessionOptions(cell));
  try {
    fillOptions(f, handle, options);
    return handle;
  } catch (error) {
    f.ReleaseSessionOptions(handle);
    throw error;
  }
}

function fillOptions(f: OrtFunctions, handle: Pointer, options: GraphSessionOptions): void {
  check(f, f.SetIntraOpNumThreads(handle, options.threadCount));
  // Decoder graphs are one long chain: nothing for a second operator to run beside.
  check(f, f.SetInterOpNumThreads(handle, 1));
  check(f, f.SetSessionGraphOptimizationLevel(handle, OPTIMIZE_ALL));
  check(f, f.SetSessionLogSeverityLevel(handle, LOG_SEVERITY_FATAL));
  for (const [key, value] of Object.entries(toConfigEntries(options))) {
    check(f, f.AddSessionConfigEntry(handle, key, value));
  }
  const { device = "cpu" } = options;
  if (device === "cpu") return;
  for (const [key, value] of Object.entries(RECORD_PLACEMENT)) {
    check(f, f.AddSessionConfigEntry(handle, key, value));
  }
  const { providerName } = DEVICE_FACTS[device];
  if (providerName === undefined) appendCuda(f, handle);
  else check(f, f.SessionOptionsAppendExecutionProvider(handle, providerName, null, null, 0));
}

/** CUDA with its defaults: the first GPU, an arena that grows as it is needed. */
function appendCuda(f: OrtFunctions, options: Pointer): void {
  const cuda = receive(f, (cell) => f.CreateCUDAProviderOptions(cell));
  try {
    check(f, f.SessionOptionsAppendExecutionProvider_CUDA_V2(options, cuda));
  } finally {
    f.ReleaseCUDAProviderOptions(cuda);
  }
}

/** Models that a thread of the pool reads: nothing else might refer to their bytes meanwhile. */
const modelsInReading = new Set<string | Uint8Array>();

async function createSession(
  library: OrtLibrary,
  model: string | Uint8Array,
  options: GraphSessionOptions,
): Promise<Pointer> {
  const { functions: f, environment } = library;
  const settings = createOptions(library, options);
  modelsInReading.add(model);
  // Over an ArrayBuffer of its own, see `OrtLibrary.addressOf`; the caller's own closure keeps it.
  const cell = new BigUint64Array(new ArrayBuffer(8));
  try {
    await settled(library, (settle) => {
      if (typeof model === "string") {
        f.CreateSession.async(environment, model, settings, cell, settle);
      } else {
        const bytes = library.addressOf(model);
        f.CreateSessionFromArray.async(
          environment,
          bytes,
          model.byteLength,
          settings,
          cell,
          settle,
        );
      }
    });
    return cell[0] ?? 0n;
  } finally {
    modelsInReading.delete(model);
    f.ReleaseSessionOptions(settings);
  }
}

/** Waits for an asynchronous call and throws what its status says. */
function settled(
  { functions }: OrtLibrary,
  start: (settle: (error: unknown, status: Pointer | null) => void) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error, status) => {
      // koffi's own error (its queue is full) comes instead of a status.
      if (error) return reject(error);
      try {
        check(functions, status);
        resolve();
      } catch (failure) {
        reject(failure);
      }
    });
  });
}

type SessionFacts = Pick<GraphSession, "inputs" | "outputs" | "overridable"> & {
  isOnDevice: boolean;
  cpuOperators: readonly string[] | undefined;
};

class OrtSession implements GraphSession {
  readonly kind = "native";
  readonly inputs: readonly TensorDeclaration[];
  readonly outputs: readonly TensorDeclaration[];
  readonly overridable: readonly TensorDeclaration[];
  readonly cpuOperators?: readonly string[];
  private readonly isOnDevice: boolean;
  private readonly library: OrtLibrary;
  private handle: Pointer;
  private readonly openBindings = new Set<OrtBinding>();
  private isRunning = false;

  constructor(library: OrtLibrary, handle: Pointer, facts: SessionFacts) {
    this.library = library;
    this.handle = handle;
    this.inputs = facts.inputs;
    this.outputs = facts.outputs;
    this.overridable = facts.overridable;
    this.isOnDevice = facts.isOnDevice;
    if (facts.cpuOperators) this.cpuOperators = facts.cpuOperators;
  }

  createBinding(): GraphBinding {
    assert(this.handle !== 0n, "the session is open");
    const binding = new OrtBinding(this.library, this.handle, {
      inputs: toTypes([...this.inputs, ...this.overridable]),
      outputs: toTypes(this.outputs),
      isOnDevice: this.isOnDevice,
      run: (call) => this.runAlone(call),
      onClose: () => this.openBindings.delete(binding),
    });
    this.openBindings.add(binding);
    return binding;
  }

  private async runAlone(call: () => Promise<void>): Promise<void> {
    assert(!this.isRunning, "a session runs one thing at a time");
    this.isRunning = true;
    try {
      await call();
    } finally {
      this.isRunning = false;
    }
  }

  async close(): Promise<void> {
    assert(this.openBindings.size === 0, "every binding of the session was closed");
    if (this.handle === 0n) return;
    this.library.functions.ReleaseSession(this.handle);
    this.handle = 0n;
  }
}

const toTypes = (declarations: readonly TensorDeclaration[]) =>
  new Map(declarations.map((it) => [it.name, it.type]));

type BindingContext = {
  inputs: ReadonlyMap<string, string>;
  outputs: ReadonlyMap<string, string>;
  isOnDevice: boolean;
  run: (call: () => Promise<void>) => Promise<void>;
  onClose: () => void;
};

class OrtBinding implements GraphBinding {
  private readonly library: OrtLibrary;
  private readonly session: Pointer;
  private readonly context: BindingContext;
  private handle: Pointer;
  private readonly runOptions: Pointer;
  private isRunning = false;
  /** What is bound. Native code knows addresses only: these references keep the memory. */
  private readonly inputs = new Map<string, TensorView>();
  private readonly outputs = new Map<string, TensorView>();
  // Reused by every `createValue`.
  private readonly shape = new BigInt64Array(new ArrayBuffer(8 * RANK_MAX));
  private readonly cell = new BigUint64Array(new ArrayBuffer(8));

  constructor(library: OrtLibrary, session: Pointer, context: BindingContext) {
    this.library = library;
    this.session = session;
    this.context = context;
    const { functions: f } = library;
    this.handle = receive(f, (cell) => f.CreateIoBinding(session, cell));
    this.runOptions = receive(f, (cell) => f.CreateRunOptions(cell));
  }

  bindInput(name: string, tensor: TensorView): void {
    this.assertBindable(this.context.inputs, name, tensor);
    if (isSame(this.inputs.get(name), tensor)) return;
    if (!this.context.isOnDevice) this.bind(this.library.functions.BindInput, name, tensor);
    this.inputs.set(name, tensor);
  }

  bindOutput(name: string, tensor: TensorView): void {
    this.assertBindable(this.context.outputs, name, tensor);
    if (isSame(this.outputs.get(name), tensor)) return;
    this.bind(this.library.functions.BindOutput, name, tensor);
    this.outputs.set(name, tensor);
  }

  run(): Promise<void> {
    assert(this.handle !== 0n, "the binding is open");
    const { functions: f } = this.library;
    return this.context.run(async () => {
      check(f, f.RunOptionsUnsetTerminate(this.runOptions));
      if (this.context.isOnDevice) this.copyInputs();
      this.isRunning = true;
      try {
        await settled(this.library, (settle) =>
          f.RunWithBinding.async(this.session, this.runOptions, this.handle, settle),
        );
      } finally {
        this.isRunning = false;
      }
    });
  }

  /** Binding memory to an input on a device copies what lies in it at that moment (io_binding.cc). */
  private copyInputs(): void {
    for (const [name, tensor] of this.inputs) {
      this.bind(this.library.functions.BindInput, name, tensor);
    }
  }

  /** Measured on a chunk of 512 tokens that takes 4.5 s on a busy machine: it ends within 22 ms. */
  terminate(): void {
    if (!this.isRunning) return;
    const { functions: f } = this.library;
    check(f, f.RunOptionsSetTerminate(this.runOptions));
  }

  close(): void {
    assert(!this.isRunning, "nothing runs with the binding");
    if (this.handle === 0n) return;
    this.library.functions.ReleaseIoBinding(this.handle);
    this.library.functions.ReleaseRunOptions(this.runOptions);
    this.handle = 0n;
    this.inputs.clear();
    this.outputs.clear();
    this.context.onClose();
  }

  private assertBindable(
    declared: ReadonlyMap<string, string>,
    name: string,
    { type }: TensorView,
  ): void {
    assert(this.handle !== 0n, "the binding is open");
    assert(!this.isRunning, "nothing is bound during a run");
    assertDeclared(declared, name, type);
  }

  /** The binding shares the OrtValue (a counted reference), so ours is freed at once: nothing to leak. */
  private bind(
    call: (binding: Pointer, name: string, value: Pointer) => Pointer | null,
    name: string,
    tensor: TensorView,
  ): void {
    const { functions } = this.library;
    const value = this.createValue(tensor);
    try {
      check(functions, call(this.handle, name, value));
    } finally {
      functions.ReleaseValue(value);
    }
  }

  private createValue({ type, data, dims }: TensorView): Pointer {
    const { functions, cpuMemory, addressOf } = this.library;
    assert(dims.length <= RANK_MAX, "a tensor has a few dimensions");
    let length = 1;
    for (let axis = 0; axis < dims.length; axis++) {
      // `axis` is within `dims`.
      const size = dims[axis] as number;
      this.shape[axis] = BigInt(size);
      length *= size;
    }
    assert(length === data.length, `${data.length} elements have the shape [${dims}]`);
    const number = toElementNumber(type);
    const status = functions.CreateTensorWithDataAsOrtValue(
      cpuMemory,
      addressOf(data),
      data.byteLength,
      this.shape,
      dims.length,
      number,
      this.cell,
    );
    check(functions, status);
    return this.cell[0] ?? 0n;
  }
}

function assertDeclared(declared: ReadonlyMap<string, string>, name: string, type: string): void {
  const expected = declared.get(name);
  assert(expected !== undefined, `the graph has ${name}, it has ${[...declared.keys()]}`);
  assert(expected === type, `${name} is ${expected}, not ${type}`);
}

/** Whether a name is already bound to that memory in that shape; then its OrtValue still holds. */
function isSame(bound: TensorView | undefined, { data, dims }: TensorView): boolean {
  if (bound === undefined || bound.dims.length !== dims.length) return false;
  const isSamePlace =
    bound.data === data ||
    (bound.data.byteOffset === data.byteOffset && bound.data.buffer === data.buffer);
  return isSamePlace && bound.dims.every((size, axis) => size === dims[axis]);
}
