import { statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { isTemplatePath } from "@/lib/adapters/known-template";
import type { AdapterSource } from "@/lib/engine/lora/load-adapter";
import { DEVICES } from "@/lib/engine/onnx/device";
import { type HubModelName, parseHubName } from "@/lib/hub/download-model";
import { SLOTS_DEFAULT } from "@/lib/limits";
import { StartError } from "@/lib/util/start-error";
import { defineBackend, type FlagContext, type FlagValues } from "../backend-definition";
import type { EngineSettings } from "../engine-messages";
import { isSet, textOf, textsOf, toChoice, toInteger, wrongFlag } from "../flag-rules";
import { bringModel } from "./bring-model";
import { createOnnxBackend } from "./onnx";

/** How models are loaded. */
type LoadSettings = Omit<EngineSettings, "threadCount" | "slotCount">;

const KV_DTYPES = ["auto", "float32", "float16"] as const;
const SESSION_KINDS = ["auto", "native", "portable"] as const;

export const ONNX = defineBackend({
  kind: "onnx",
  usage: `  --model <folder>      model folder, the one with config.json; or a model of the Hugging Face hub,
                        owner/name or owner/name@revision, which is downloaded into PARLEY_MODELS
                        where it is not there (HF_TOKEN, HF_ENDPOINT); may be given several times
  --weights <file>      which graph of a folder that has several, such as model_q4.onnx (the most
                        exact one)
  --max-model-len <tokens>
                        context to serve, prompt and answer together (the model's own); a shorter
                        one leaves memory for more answers at once
  --kv-dtype <type>     ${KV_DTYPES.join(", ")}: what the cache of keys and values holds (auto); the
                        model's graph decides, and another type than its own is refused
  --graph-cache <folder>
                        where graphs prepared for serving are kept (a folder of yours in the
                        system's temporary one; under npm start in PARLEY_DATA_DIR)
  --allow-batch-variance
                        serve a form of the weights whose answers depend on who else is served
  --session <kind>      ${SESSION_KINDS.join(", ")}: how onnxruntime is called (PARLEY_WORKER_SESSION)
  --device <device>     ${DEVICES.join(", ")}: what runs the model
                        (PARLEY_WORKER_DEVICE); operators that a device lacks run on the CPU
  --lora <name>=<file>  an .onnx_adapter file to serve over the model, under a name of its own; may
                        be given several times
  --chat-template <name or file>
                        how conversations are written (as the model's own template has it): a name
                        that parley models templates lists, one of several in tokenizer_config.json,
                        neutral, a file, Jinja or FastChat's record of a template as .json, or
                        Jinja itself
`,
  options: {
    weights: { type: "string" },
    "max-model-len": { type: "string" },
    "kv-dtype": { type: "string" },
    "graph-cache": { type: "string" },
    "allow-batch-variance": { type: "boolean" },
    session: { type: "string" },
    device: { type: "string" },
    lora: { type: "string", multiple: true },
    "chat-template": { type: "string" },
  },
  slotsDefault: SLOTS_DEFAULT,
  read: (values, context) => ({
    models: toModels(context.models),
    parent: resolve(context.environment.PARLEY_MODELS),
    load: toLoadSettings(values, context),
  }),
  /** As its models will be called: by their folders, and adapters by their own names. */
  starting: ({ models, load }) => [
    ...models.map((it) => basename("folder" in it ? it.folder : it.repo)),
    ...(load.adapters ?? []).map(({ name }) => name),
  ],
  create: async ({ models, parent, load }, { slots, threads, log, signal }) => {
    const weights = load.weightFile;
    const modelFolders: string[] = [];
    for (const model of models) {
      modelFolders.push(
        "folder" in model
          ? model.folder
          : await bringModel(model, { parent, weights, log, signal }),
      );
    }
    return await createOnnxBackend({
      ...load,
      ...{ modelFolders, slots, threads },
      // In the bundle, where this runs, the thread's program lies beside the worker's.
      threadUrl: new URL("./engine-thread.mjs", import.meta.url),
    });
  },
});

function toLoadSettings(values: FlagValues, context: FlagContext): LoadSettings {
  const { environment, models, slots } = context;
  const dtype = toChoice("kv-dtype", textOf(values, "kv-dtype") ?? "auto", KV_DTYPES);
  const sessionAsked = textOf(values, "session") ?? environment.PARLEY_WORKER_SESSION;
  const session = toChoice("session", sessionAsked, SESSION_KINDS);
  const deviceAsked = textOf(values, "device") ?? environment.PARLEY_WORKER_DEVICE;
  const device = toChoice("device", deviceAsked, DEVICES);
  // Each model has a thread, and two threads in it at a time end the process (onnxruntime 1.30).
  if (device === "webgpu" && models.length > 1) {
    throw new StartError({
      message: `webgpu runs one model a process, and there are ${models.length}.`,
      remedy: "Start a worker for each of them.",
    });
  }
  const length = textOf(values, "max-model-len");
  const folder = textOf(values, "graph-cache");
  return {
    // A default may be lowered to what memory holds; a number that somebody asked for may not.
    mayRunFewerSlots: slots === undefined,
    contextLengthMax:
      length === undefined ? undefined : toInteger("max-model-len", length, [2, 2 ** 30]),
    kvDtype: dtype === "auto" ? undefined : dtype,
    graphCacheFolder: folder === undefined ? undefined : resolve(folder),
    weightFile: textOf(values, "weights"),
    mayVaryWithBatch: isSet(values, "allow-batch-variance"),
    sessionKind: session === "auto" ? undefined : session,
    device,
    adapters: toAdapters(textsOf(values, "lora"), models.length),
    chatTemplate: toChatTemplate(textOf(values, "chat-template"), models.length),
  };
}

/** What a name means is known where the model's files are: some bring several templates. */
function toChatTemplate(word: string | undefined, modelCount: number): string | undefined {
  if (word === undefined) return undefined;
  if (modelCount > 1) {
    throw new StartError({
      message: `--chat-template does not say which of ${modelCount} models it is for.`,
      remedy: "Serve the model that it was made for by a worker of its own.",
    });
  }
  if (!isTemplatePath(word)) return word;
  const path = resolve(word);
  if (statSync(path, { throwIfNoEntry: false })?.isFile()) return path;
  throw new StartError({
    message: `There is no file ${path}.`,
    remedy:
      "Give --chat-template the path of a file, or a name that `parley models templates` lists.",
  });
}

function toAdapters(words: readonly string[], modelCount: number): AdapterSource[] {
  const adapters = words.map((word): AdapterSource => {
    // A path may have the sign in it, a name may not.
    const [, name = "", file = ""] = /^([^=]+)=(.+)$/s.exec(word) ?? [];
    if (!name || !file) throw wrongFlag("lora", "is a name and a file, <name>=<file>", word);
    const path = resolve(file);
    // What is there and is no adapter is told apart when it is read.
    if (statSync(path, { throwIfNoEntry: false })) return { name, path };
    throw new StartError({
      message: `There is no file ${path}.`,
      remedy: "Give --lora the path of an .onnx_adapter file.",
    });
  });
  if (adapters.length === 0 || modelCount === 1) return adapters;
  throw new StartError({
    message: `--lora does not say which of ${modelCount} models it is for.`,
    remedy: "Serve the model that it was made for by a worker of its own.",
  });
}

type WantedModel = { folder: string } | HubModelName;

function toModels(words: readonly string[]): WantedModel[] {
  if (words.length === 0) {
    throw new StartError({
      message: "No model to serve.",
      remedy: "Name a model folder with --model <folder>, or one of the hub as owner/name.",
    });
  }
  return words.map((word) => {
    const folder = resolve(word);
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return { folder };
    const name = parseHubName(word);
    if (name !== undefined) return name;
    throw new StartError({
      message: `There is no folder ${folder}.`,
      remedy:
        "Give --model the path of a model folder, the one that holds config.json, or a model of the hub as owner/name.",
    });
  });
}
