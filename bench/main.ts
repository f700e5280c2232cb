import { parseArgs } from "node:util";
import { runServe, SERVE_OPTIONS } from "./serve";

const USAGE = `Usage: npm run bench -- <name> [options]

  serve   tokens a second and time to first token of a bundled model: engine, worker, /v1

  --json              last line of output is one JSON object
  --model <name>      folder in models/ to serve (pico-m)
  --seconds <number>  time for each row of the table (6)
  --threads <number>  cores that a step may use, here and in the worker that is started (1)
  --base-url <url>    a running web process, instead of one that is started for this; rows of the
                      worker then need its PARLEY_ADMIN_TOKEN and PARLEY_WORKER_SECRET
`;

/** Speed of our own parts, one benchmark a name. Kept apart from the tests: nothing passes or fails by it. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: SERVE_OPTIONS, allowPositionals: true });
  const [name] = positionals;
  if (name !== "serve" || positionals.length > 1) {
    process.stderr.write(USAGE);
    process.exitCode = 64;
    return;
  }
  const report = await runServe(values);
  if (values.json) console.log(JSON.stringify(report));
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : error}\n`);
    process.exit(1);
  },
);
