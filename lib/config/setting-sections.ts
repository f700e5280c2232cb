import * as z from "zod";
import {
  ADMISSION_WAITING_MAX,
  BREAKER_FAULTS_MAX,
  BREAKER_OPEN_MS,
  BREAKER_OPEN_MS_MAX,
  DISPATCH_ATTEMPTS_MAX,
  FASTCHAT_SLOTS_DEFAULT,
  HEARTBEAT_INTERVAL_MS,
  PROBE_MS_MAX,
  PROBE_RETRY_LONGEST_MS,
  RESUMPTIONS_MAX,
  WORKER_STALE_AFTER_MS,
} from "@/lib/fleet-limits";
import {
  DATABASE_CONNECTIONS_MAX,
  SLOT_WAIT_MS_MAX,
  WAITING_MAX,
  WORKER_CONNECT_TIMEOUT_MS,
  WORKER_SILENCE_MS_MAX,
} from "@/lib/limits";
import { parseRange } from "@/lib/util/ip-address";

/**
 * The settings. Each is a variable, and beside it a key in parley.yaml (setting-key.ts); a description is
 * the documentation. Defaults that are limits stand in lib/limits.ts, units at the end of the names.
 */

const integer = (low: number, high: number) => z.coerce.number().int().min(low).max(high);
/** Origins as browsers send them, or `*`. */
const origins = z
  .string()
  .optional()
  .transform((text, context) => {
    const parts = (text ?? "").split(",").map((part) => part.trim().replace(/\/$/, ""));
    const listed = parts.filter((part) => part !== "");
    const isOrigin = (it: string) =>
      !it.includes("*") && URL.canParse(it) && new URL(it).origin === it;
    const wrong = listed.find((it) => it !== "*" && !isOrigin(it));
    if (wrong !== undefined) {
      context.addIssue(`${wrong} is no origin; write it like https://app.example.com`);
    }
    return listed;
  });
/** Blocks of addresses as util/ip-address.ts has them. */
const addresses = z
  .string()
  .optional()
  .transform((text, context) => {
    const listed = (text ?? "").split(",").flatMap((part) => part.trim() || []);
    const wrong = listed.find((part) => parseRange(part) === undefined);
    if (wrong !== undefined) {
      context.addIssue(`${wrong} is no address; write it like 192.0.2.7 or 10.0.0.0/8`);
    }
    return listed;
  });
/** Shown as it stands, so that a password has no place in it. */
const webAddress = z
  .url({ protocol: /^https?$/, error: "must be a URL that begins with http:// or https://." })
  .refine(
    (it) => !URL.canParse(it) || (new URL(it).username === "" && new URL(it).password === ""),
    {
      error: "holds a name or password, which would be shown; remove it.",
    },
  );
/** Never printed; NAME_FILE may name a file that holds it. */
const secret = z.string().min(16).optional().meta({ isSecret: true });
/** One that stands in a path. */
const pathSecret = z
  .string()
  .min(16)
  .regex(/^[\w-]+$/, "may hold letters, digits, - and _ alone, since it stands in a path.")
  .optional()
  .meta({ isSecret: true });
/** As `dispatchPolicySchema` in lib/protocol has them, which the root of lib may not import; the test compares. */
const DISPATCH_POLICIES = [
  ...(["lottery", "shortest-queue", "power-of-two", "least-outstanding-tokens"] as const),
  ...(["session-affinity", "prefix-affinity"] as const),
] as const;

const places = {
  PORT: integer(0, 65_535).default(3000).describe("Port of pages and API. 0 takes any free one."),
  HOST: z
    .string()
    .default("127.0.0.1")
    .describe("Address to listen on. Beyond loopback PARLEY_ADMIN_TOKEN must be set."),
  PARLEY_PUBLIC_URL: webAddress
    .optional()
    .describe(
      "Address visitors use, when a reverse proxy stands in front; https here makes cookies Secure.",
    ),
  DATABASE_URL: z
    .string()
    .optional()
    .meta({ isSecret: true })
    .describe(
      "PostgreSQL 15 or newer to use. Without it `npm start` runs its own in PARLEY_DATA_DIR.",
    ),
  PARLEY_DATA_DIR: z
    .string()
    .default(".parley")
    .describe("Folder for what must outlive a start: database, generated secrets, logs."),
  PARLEY_MODELS: z
    .string()
    .default("models")
    .describe("Folder whose model folders `npm start` serves, one worker process each."),
  PARLEY_DATABASE_CONNECTIONS_MAX: integer(2, 200)
    .default(DATABASE_CONNECTIONS_MAX)
    .describe("Connections of one web process to PostgreSQL."),
};

const access = {
  PARLEY_ADMIN_TOKEN: secret.describe(
    "Opens /admin (16 characters or more). Without it `npm start` generates one and prints it.",
  ),
  PARLEY_API_KEY: secret.describe(
    "One key for the whole API, without limits (16 characters or more), beside those of `npx parley keys create`. While there is no key of either kind the API answers this machine, and nobody else.",
  ),
  PARLEY_API_OPEN: z
    .stringbool()
    .default(false)
    .describe("true: the API answers everyone, also beyond this machine and beside keys."),
  PARLEY_TRUSTED_PROXIES: addresses.describe(
    "Addresses and blocks (10.0.0.0/8, fd00::/8), separated by commas, of your own reverse proxies, whose X-Forwarded-For is believed: limits are held against networks. Without it a connection's own address counts, which behind a proxy is the proxy's for everybody.",
  ),
  PARLEY_KEY_NETWORKS: addresses.describe(
    "Addresses and blocks (10.0.0.0/8), separated by commas, from which workers may fetch the stored keys of external providers over plain http. Others need https; this machine needs neither.",
  ),
  PARLEY_CORS_ORIGINS: origins.describe(
    "Origins, separated by commas, whose pages may call the API from a browser (https://app.example.com). `*` lets all of them do so with an API key. Without it none may.",
  ),
  PARLEY_SECRET: secret.describe(
    "Signs visitors' cookies and encrypts stored keys of providers (16 characters or more). Without it `npm start` generates and keeps one.",
  ),
  PARLEY_WORKER_SECRET: secret.describe(
    "Shared by web and workers (16 characters or more). Without it `npm start` generates and keeps one.",
  ),
  PARLEY_WORKER_TOKEN: secret.describe(
    "Token of one worker, or of a group, instead of the shared secret: see `npx parley workers token create`.",
  ),
};

const api = {
  PARLEY_SHARED_PREFIX_CACHE: z
    .stringbool()
    .default(false)
    .describe(
      "true: what a worker keeps of one caller's prompts serves others that begin alike, and each can tell by `cached_tokens` and by the time to the first token that somebody asked the same before. Without it callers share nothing.",
    ),
  PARLEY_MODERATION_MODEL: z
    .string()
    .optional()
    .describe(
      "Model with the feature `classify` that answers /v1/moderations. Without it that path is not there.",
    ),
  PARLEY_MODERATION_THRESHOLD: z.coerce
    .number()
    .gt(0)
    .max(1)
    .default(0.5)
    .describe("From this probability of a category on a text is flagged."),
  PARLEY_MODERATION_KEY: secret.describe(
    "Key for the server that judges questions, where the arena's rules name one.",
  ),
  PARLEY_HUMANITY_SECRET: secret.describe(
    "Secret for the check that a person is there, where the arena's rules ask for one.",
  ),
};

const fleet = {
  PARLEY_HEARTBEAT_INTERVAL_MS: integer(200, 60_000)
    .default(HEARTBEAT_INTERVAL_MS)
    .describe("Workers tell the web process that they live this often, in ms."),
  PARLEY_WORKER_STALE_AFTER_MS: integer(400, 600_000)
    .default(WORKER_STALE_AFTER_MS)
    .describe(
      "A worker silent for this long is doubted, and lost if it does not answer then; in ms, at least twice the interval of heartbeats.",
    ),
  PARLEY_PROBE_TIMEOUT_MS: integer(50, 60_000)
    .default(PROBE_MS_MAX)
    .describe("A worker that is asked whether it lives answers within this, in ms."),
  PARLEY_PROBE_RETRY_LONGEST_MS: integer(500, 600_000)
    .default(PROBE_RETRY_LONGEST_MS)
    .describe(
      "One that does not is asked again, at longer and longer intervals up to this, in ms.",
    ),
  PARLEY_WORKER_CONNECT_MS: integer(50, 60_000)
    .default(WORKER_CONNECT_TIMEOUT_MS)
    .describe(
      "A worker takes a request within this, in ms, or another one is tried. A healthy one does so at once, also when the request has to wait there.",
    ),
  PARLEY_WORKER_SILENCE_MS: integer(1_000, 3_600_000)
    .default(WORKER_SILENCE_MS_MAX)
    .describe(
      "Longest silence between two events of an answer, in ms, waiting for a slot and reading the prompt included.",
    ),
  PARLEY_DISPATCH_POLICY: z
    .enum(DISPATCH_POLICIES)
    .default("least-outstanding-tokens")
    .describe("How a worker is chosen, for models whose own setting does not say."),
  PARLEY_DISPATCH_ATTEMPTS_MAX: integer(1, 10)
    .default(DISPATCH_ATTEMPTS_MAX)
    .describe("Workers that one request is tried at before its client hears of it."),
  PARLEY_BREAKER_FAULTS_MAX: integer(1, 1_000)
    .default(BREAKER_FAULTS_MAX)
    .describe(
      "Faults of a worker in a row after which requests go elsewhere for a while. One that cannot be reached needs no second.",
    ),
  PARLEY_BREAKER_OPEN_MS: integer(100, BREAKER_OPEN_MS_MAX)
    .default(BREAKER_OPEN_MS)
    .describe("How long at first, in ms; each time that it fails again twice as long."),
  PARLEY_RESUMPTIONS_MAX: integer(0, 64)
    .default(RESUMPTIONS_MAX)
    .describe(
      "Times that one answer may go on at another worker when its worker is lost in the middle; 0: it ends with an error then.",
    ),
  PARLEY_ADMISSION_WAITING_MAX: integer(0, 100_000)
    .default(ADMISSION_WAITING_MAX)
    .describe("Requests for one model that wait in a web process while its workers are full."),
  PARLEY_ADMISSION_WAIT_MS: integer(0, 600_000)
    .default(SLOT_WAIT_MS_MAX)
    .describe("Longest wait there and at a worker, in ms; then the request is refused."),
  PARLEY_WORKER_WAITING_MAX: integer(0, 10_000)
    .default(WAITING_MAX)
    .describe("Requests that may wait at a worker whose slots are busy."),
};

const parent = {
  PARLEY_PARENT_URL: webAddress
    .optional()
    .describe(
      "Another Parley, at which this one registers as a worker with all its models (docs/how-to/join-parleys.md). Without it this one stands alone.",
    ),
  PARLEY_PARENT_SECRET: secret.describe(
    "What lets this Parley in there, and the other one in here: a worker token made there, or its PARLEY_WORKER_SECRET (16 characters or more).",
  ),
  PARLEY_PARENT_ADDRESS: webAddress
    .optional()
    .describe(
      "Address under which that Parley reaches this one, such as https://site-a.example. Without it PARLEY_PUBLIC_URL. Web processes that have the same one count as one.",
    ),
};

const worker = {
  PARLEY_FASTCHAT_TOKEN: pathSecret.describe(
    "Lets FastChat's workers in at /controller/<token> (16 characters or more; letters, digits, - and _). Whoever has it can make this server call any address. Without it that path is not there.",
  ),
  PARLEY_FASTCHAT_READERS: z
    .string()
    .default("")
    .transform((text) => text.split(",").flatMap((it) => it.trim() || []))
    .describe(
      "Models of FastChat's workers, separated by commas, that only make vectors of texts (bge-m3,e5-large): they do not say so themselves, and would be asked to chat.",
    ),
  PARLEY_FASTCHAT_SLOTS: integer(1, 4096)
    .default(FASTCHAT_SLOTS_DEFAULT)
    .describe(
      "Requests that a FastChat worker runs at once, which it does not tell: its --limit-worker-concurrency (5 for model_worker, 1024 for vllm_worker).",
    ),
  PARLEY_CONTROLLER_URL: webAddress
    .default("http://127.0.0.1:3000")
    .describe("Where a worker registers."),
  PARLEY_WORKER_THREADS: integer(0, 1024)
    .default(0)
    .describe(
      "Inference threads a worker. 0 divides the cores between the workers of `npm start`.",
    ),
  PARLEY_WORKER_SESSION: z
    .enum(["auto", "native", "portable"])
    .default("auto")
    .describe(
      "How onnxruntime is called: native is fast, portable needs no foreign function calls, auto tries. Set portable where a worker crashes while it loads a model.",
    ),
  PARLEY_WORKER_DEVICE: z
    .enum(["cpu", "cuda", "webgpu", "coreml", "directml"])
    .default("cpu")
    .describe(
      "What runs the models of a worker. What a machine lacks for one of them is named at the start.",
    ),
};

const processes = {
  PARLEY_DRAIN_SECONDS: integer(0, 600)
    .optional()
    .describe(
      "How long running answers may go on after a stop. Without it 5 s under `npm start`, whose Ctrl-C should be quick; by themselves a web process has 10 s and a worker 20 s.",
    ),
  LOG_LEVEL: z
    .enum(["silent", "fatal", "error", "warn", "info", "debug", "trace"])
    .default("info")
    .describe("Least severe log line that is written."),
  PARLEY_CONFIG: z
    .string()
    .optional()
    .describe(
      "File of settings. Without it parley.yaml, parley.yml or parley.json in PARLEY_HOME; `none`: neither that nor .env.",
    ),
  PARLEY_HOME: z
    .string()
    .optional()
    .describe(
      "Folder in which that file and .env are looked for. Without it the one a program starts in.",
    ),
};

/** Read by the libraries of OpenTelemetry themselves, which know more of them. */
const tracing = {
  OTEL_EXPORTER_OTLP_ENDPOINT: webAddress
    .optional()
    .describe(
      "Collector that traces are sent to (OTLP over HTTP, such as http://localhost:4318). Without it nothing is traced.",
    ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: webAddress
    .optional()
    .describe("The same as a whole address, /v1/traces included."),
  OTEL_EXPORTER_OTLP_HEADERS: z
    .string()
    .optional()
    .meta({ isSecret: true })
    .describe("Headers for it: name=value, separated by commas."),
  OTEL_SERVICE_NAME: z
    .string()
    .optional()
    .describe("Name of a process in traces. Without it parley-web or parley-worker."),
  OTEL_TRACES_SAMPLER: z
    .enum([
      ...(["always_on", "always_off", "traceidratio"] as const),
      ...(["parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio"] as const),
    ])
    .default("parentbased_always_on")
    .describe("Which requests are traced."),
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe("Share of them, for the samplers by ratio."),
  OTEL_SDK_DISABLED: z
    .stringbool()
    .default(false)
    .describe("true: nothing is traced, whatever else is set."),
};

const development = {
  CHROMIUM_PATH: z
    .string()
    .optional()
    .describe("Browser for the end-to-end tests. Without it one is looked for, then installed."),
};

/** Title → settings, in the order that people read them in. */
export const SETTING_SECTIONS = {
  "Addresses and files": places,
  "Who is let in": access,
  "What the API offers": api,
  "Workers, as web processes treat them": fleet,
  "A Parley above this one": parent,
  "Workers themselves": worker,
  "All processes": processes,
  Traces: tracing,
  Development: development,
};

/** All of them. */
export const SETTINGS = {
  ...places,
  ...access,
  ...api,
  ...fleet,
  ...parent,
  ...worker,
  ...processes,
  ...tracing,
  ...development,
};
