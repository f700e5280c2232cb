import * as z from "zod";

/**
 * Every environment variable, parsed once. The only reader of `process.env`. `.env.example` is written
 * from this schema (`env.test.ts` holds it true), so a description here is the documentation.
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
/** An empty value in a .env file means "not set". */
const secret = z.string().min(16).optional();

export const envSchema = z.object({
  PORT: integer(0, 65_535).default(3000).describe("Port of pages and API. 0 takes any free one."),
  HOST: z
    .string()
    .default("127.0.0.1")
    .describe("Address to listen on. Beyond loopback PARLEY_ADMIN_TOKEN must be set."),
  PARLEY_PUBLIC_URL: z
    .url()
    .optional()
    .describe(
      "Address visitors use, when a reverse proxy stands in front; https here makes cookies Secure.",
    ),
  DATABASE_URL: z
    .string()
    .optional()
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
  PARLEY_CORS_ORIGINS: origins.describe(
    "Origins, separated by commas, whose pages may call the API from a browser (https://app.example.com). `*` lets all of them do so with an API key. Without it none may.",
  ),
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
  PARLEY_SECRET: secret.describe(
    "Signs visitors' cookies (16 characters or more). Without it `npm start` generates and keeps one.",
  ),
  PARLEY_WORKER_SECRET: secret.describe(
    "Shared by web and workers (16 characters or more). Without it `npm start` generates and keeps one.",
  ),
  PARLEY_CONTROLLER_URL: z
    .url()
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
  PARLEY_DRAIN_SECONDS: integer(0, 600)
    .optional()
    .describe(
      "How long running answers may go on after a stop. Without it 5 s under `npm start`, whose Ctrl-C should be quick, and 20 s for a worker by itself.",
    ),
  LOG_LEVEL: z
    .enum(["silent", "fatal", "error", "warn", "info", "debug", "trace"])
    .default("info")
    .describe("Least severe log line that is written."),
  CHROMIUM_PATH: z
    .string()
    .optional()
    .describe("Browser for the end-to-end tests. Without it one is looked for, then installed."),
});

export type Env = z.infer<typeof envSchema>;

/**
 * Reads the variables from `source`.
 *
 * @throws Error that names every variable at fault and what it should be.
 */
export function parseEnv(source: Record<string, string | undefined>): Env {
  const set = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ""));
  const parsed = envSchema.safeParse(set);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new Error(`Environment: ${faults.join("; ")}. See .env.example.`);
}

let cached: Env | undefined;

/** The environment of this process, parsed at first use (a build has none of it). */
export function env(): Env {
  cached ??= parseEnv(process.env);
  return cached;
}

/** `.env.example`, whole. */
export function toEnvExample(): string {
  const entries = Object.entries(envSchema.shape).map(([name, schema]) => {
    const fallback = schema.safeParse(undefined).data;
    return `# ${schema.description}\n# ${name}=${fallback ?? ""}\n`;
  });
  return `# Copy to .env and change what you need. Every variable has a default.\n\n${entries.join("\n")}`;
}
