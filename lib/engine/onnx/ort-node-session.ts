import { InferenceSession, Tensor } from "onnxruntime-node";
import { assert } from "@/lib/util/assert";
import { DEVICE_FACTS } from "./device";
import type { GraphBinding, GraphSession, TensorDeclaration, TensorView } from "./graph-session";
import { type GraphSessionOptions, toConfigEntries } from "./graph-session-options";

/**
 * Opens a graph through onnxruntime-node's own interface: the fall-back where foreign function calls do
 * not work. A run holds the thread it is called on until it is done, and every bound output is also
 * copied into fresh memory that nobody reads (0.1 ms a step at 0.1 MB of keys and values, 6.3 ms at
 * 34 MB). The numbers are those of the native session: it is the same library.
 *
 * @param model a path, or the bytes of a file.
 * @throws Error with onnxruntime's own message.
 */
export async function openPortableSession(
  model: string | Uint8Array,
  options: GraphSessionOptions,
): Promise<GraphSession> {
  const { device = "cpu" } = options;
  const settings: InferenceSession.SessionOptions = {
    executionProviders: [device === "cpu" ? device : DEVICE_FACTS[device].packageName],
    intraOpNumThreads: options.threadCount,
    // Decoder graphs are one long chain: nothing for a second operator to run beside.
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    // 4 is "fatal": what goes wrong is thrown and needs no second line on stderr.
    logSeverityLevel: 4,
    // Keys are joined with dots on the other side; a key that has dots itself passes unchanged.
    extra: toConfigEntries(options),
  };
  // Two calls, since the package declares an overload for each.
  const session =
    typeof model === "string"
      ? await InferenceSession.create(model, settings)
      : await InferenceSession.create(model, settings);
  return new OrtNodeSession(session);
}

class OrtNodeSession implements GraphSession {
  readonly kind = "portable";
  readonly inputs: readonly TensorDeclaration[];
  readonly outputs: readonly TensorDeclaration[];
  readonly overridable = [];
  private readonly session: InferenceSession;
  private readonly openBindings = new Set<OrtNodeBinding>();
  private isOpen = true;
  private isRunning = false;

  constructor(session: InferenceSession) {
    this.session = session;
    this.inputs = session.inputMetadata.map(toDeclaration);
    this.outputs = session.outputMetadata.map(toDeclaration);
  }

  createBinding(): GraphBinding {
    assert(this.isOpen, "the session is open");
    const binding = new OrtNodeBinding(this, {
      run: (inputs, outputs) => this.runAlone(inputs, outputs),
      onClose: () => this.openBindings.delete(binding),
    });
    this.openBindings.add(binding);
    return binding;
  }

  private async runAlone(inputs: Tensors, outputs: Tensors): Promise<void> {
    assert(!this.isRunning, "a session runs one thing at a time");
    this.isRunning = true;
    try {
      await this.session.run(inputs, outputs);
    } finally {
      this.isRunning = false;
    }
  }

  async close(): Promise<void> {
    assert(this.openBindings.size === 0, "every binding of the session was closed");
    if (!this.isOpen) return;
    this.isOpen = false;
    await this.session.release();
  }
}

function toDeclaration(metadata: InferenceSession.ValueMetadata): TensorDeclaration {
  return metadata.isTensor
    ? { name: metadata.name, type: metadata.type, dims: metadata.shape }
    : { name: metadata.name, type: "undefined", dims: [] };
}

type Tensors = Record<string, Tensor>;

type BindingContext = {
  run: (inputs: Tensors, outputs: Tensors) => Promise<void>;
  onClose: () => void;
};

class OrtNodeBinding implements GraphBinding {
  private readonly session: GraphSession;
  private readonly context: BindingContext;
  private isOpen = true;
  private isRunning = false;
  private readonly inputs: Tensors = {};
  private readonly outputs: Tensors = {};

  constructor(session: GraphSession, context: BindingContext) {
    this.session = session;
    this.context = context;
  }

  bindInput(name: string, tensor: TensorView): void {
    this.assertBindable(this.session.inputs, name, tensor);
    this.inputs[name] = toTensor(tensor);
  }

  bindOutput(name: string, tensor: TensorView): void {
    this.assertBindable(this.session.outputs, name, tensor);
    this.outputs[name] = toTensor(tensor);
  }

  async run(): Promise<void> {
    assert(this.isOpen, "the binding is open");
    this.isRunning = true;
    try {
      await this.context.run(this.inputs, this.outputs);
    } finally {
      this.isRunning = false;
    }
  }

  close(): void {
    assert(!this.isRunning, "nothing runs with the binding");
    if (!this.isOpen) return;
    this.isOpen = false;
    this.context.onClose();
  }

  private assertBindable(
    declarations: readonly TensorDeclaration[],
    name: string,
    { type }: TensorView,
  ): void {
    assert(this.isOpen, "the binding is open");
    assert(!this.isRunning, "nothing is bound during a run");
    const declared = declarations.find((it) => it.name === name);
    assert(declared, `the graph has ${name}, it has ${declarations.map((it) => it.name)}`);
    assert(declared.type === type, `${name} is ${declared.type}, not ${type}`);
  }
}

/** The package wants one of its own tensors; the memory stays ours. */
function toTensor({ type, data, dims }: TensorView): Tensor {
  return new Tensor(type, data, dims);
}
