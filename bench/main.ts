import { parseArgs } from "node:util";
import { BATTLES_OPTIONS, runBattlesBench } from "./battles/battles-bench";
import { BOARD_PAGE_OPTIONS, runBoardPageBench } from "./boards/board-page-bench";
import { CANCEL_OPTIONS, runCancel } from "./cancel";
import { CHAOS_OPTIONS, runChaosBench } from "./chaos";
import { runDispatchBench } from "./dispatch/dispatch-bench";
import { DRILL_OPTIONS, runDrillBench } from "./drills";
import { runEngineBench } from "./engine/engine-bench";
import { ENGINE_OPTIONS, parseEngineOptions } from "./engine/options";
import { runBreadthBench } from "./engine-breadth/breadth-bench";
import { BREADTH_OPTIONS, parseBreadthOptions } from "./engine-breadth/options";
import { runGatewayBench } from "./gateway/gateway-bench";
import { GATEWAY_OPTIONS, parseGatewayOptions } from "./gateway/options";
import { runPairsBench } from "./pairs/pairs-bench";
import { PASSTHROUGH_OPTIONS, parsePassthroughOptions } from "./passthrough/options";
import { runPassthroughBench } from "./passthrough/passthrough-bench";
import { RATINGS_OPTIONS, runRatingsBench } from "./ratings/ratings-bench";
import { runSamplingBench } from "./sampling";
import { runServe, SERVE_OPTIONS } from "./serve";
import { runSoak, SOAK_OPTIONS } from "./soak";
import { runUsageBench } from "./usage";

const USAGE = `Usage: npm run bench -- <name> [options]

  serve     tokens a second and time to first token of a bundled model: engine, worker, /v1
  gateway   what our API adds to a request, beside Portkey's gateway and beside no gateway
  passthrough
            what a worker adds to the stream of the server or provider behind it, kind by kind, beside a
            bare read of that stream
  cancel    milliseconds from a client's leaving until a worker has stopped the work for it
  engine    our engine beside llama.cpp, transformers.js and the speed of this machine's memory
  engine-breadth
            answers held to schemas, embeddings, graphs of other forms: what they cost, beside peers
  chaos     web processes, workers and the database ended and frozen at random under load; ends with 1
            when a client, the registry or the accounts show it
  drills    one fault after another on web processes, workers and their wires, and what clients saw of it;
            ends with 1 like chaos
  soak      mixed load on the engine for half an hour; ends with 1 when memory grows or a slot is lost
  sampling  microseconds that choosing a token takes, by what a request asks for
  usage     microseconds that limits and accounting add to a request and to a token
  dispatch  what each way to choose a worker makes of an unequal fleet, on paper, and what a choice costs
  pairs     votes until the arena's win matrix is known well enough, with pairs drawn alike and actively,
            on paper
  ratings   ratings of a million votes, from columns and from a file, beside one pass over them
  board-page
            what a reader of the leaderboard waits for with few and with many votes in it, and how soon
            it follows a vote
  battles   many battles at once at one web process: milliseconds of a vote; ends with 1 when one is lost

With --json the last line of output is one JSON object.

serve:
  --model <name>      folder in models/ to serve (pico-m)
  --seconds <number>  time for each row of the table (6)
  --threads <number>  cores that a step may use, here and in the worker that is started (1)
  --base-url <url>    a running web process, instead of one that is started for this; rows of the
                      worker then need its PARLEY_ADMIN_TOKEN and PARLEY_WORKER_SECRET

gateway: ours and a peer before programs of equal weight; seven minutes. The first run installs the peer
from npm.
  --rounds <number>   everybody is measured once a round; figures are medians (5)
  --minutes <number>  no further round begins after that, as on a machine that is busy (7)
  --peer <name>       portkey or none (portkey)
  --streams <number>  slow streams that are held at once (2000)
  --check             ends with 1 when a goal is missed
  --folder <path>     where the peer is kept (.parley/bench)

passthrough: recorded streams of stand-ins, said again without a pause; four minutes at most.
  --rounds <number>   everybody is measured once a round; figures are medians (3)
  --minutes <number>  no further round begins that would end after that (3)
  --only <names>      some of openai-compatible, vllm, openai, anthropic, google, bedrock, cohere,
                      huggingface, custom, separated by commas (all)
  --gateway           a row more, through the web process, which is started from the built tree for it
  --profile <folder>  each worker writes a profile of its processor's time there (V8's --cpu-prof)
  --check             ends with 1 when a goal is missed

cancel:
  --model <name>      folder in models/ to serve (pico-l)
  --rounds <number>   clients that leave, for each row of the table (100)
  --threads <number>  cores that a step may use in the worker that is started (1)
  --base-url <url>    as above; needs PARLEY_ADMIN_TOKEN and PARLEY_WORKER_SECRET

engine: random weights in the dimensions of a published model; a quarter of an hour on two cores. The
first run writes 3 GB of models and installs the peers from npm; later ones find them there.
  --model <name>      qwen2.5-0.5b or smollm2-135m (qwen2.5-0.5b)
  --forms <list>      weight forms of ours; what does not depend on the form is measured with the
                      first (int4-block128,int8-block128,int8-dynamic)
  --batches <list>    sequences that decode side by side (1,4,8,16)
  --rounds <number>   everybody is measured once a round; figures are medians (5)
  --minutes <number>  no further round begins after that, as on a machine that is busy (15)
  --peers <list>      llama-q4_0, llama-q8_0, transformers, or none (all three)
  --parts <list>      decode, prefill, prefix, overhead, latency, v1 (all)
  --threads <number>  cores that a step may use (all)
  --folder <path>     where models and peers are kept (.parley/bench)

engine-breadth: random weights as above; ten minutes on two cores. Shares models and peers with engine.
  --parts <list>      grammar, steps, embeddings, forms (all)
  --model <name>      of the decoders: qwen2.5-0.5b or smollm2-135m (qwen2.5-0.5b)
  --texts <number>    texts that are embedded in a round (1000)
  --rounds <number>   everybody is measured once a round; figures are medians (5)
  --minutes <number>  no further round begins after that (20)
  --peers <list>      transformers, or none (transformers)
  --threads <number>  cores that a step may use (all)
  --folder <path>     where models and peers are kept (.parley/bench)

chaos:
  --seconds <number>  how long (120)
  --clients <number>  answers under way at any time (64)
  --seed <number>     of the blows and the questions (drawn, and printed)

drills:
  --hold <number>     seconds for which what is cut stays cut (30)
  --clients <number>  answers under way at any time (24)
  --only <names>      some of them, separated by commas (all)

battles: mock workers.
  --visitors <number> battles at once (100)
  --rounds <number>   battles of each visitor, before the one in which all vote at one moment (3)

ratings: synthetic votes; two minutes.
  --votes <number>    (1000000)
  --models <number>   (200)
  --rounds <number>   figures are medians (5)
  --growth <number>   so many times the votes in the end, to see that cost grows with them alone; 1: not (10)
  --seed <number>     of the votes (1)
  --check             ends with 1 when a goal is missed

board-page: votes made by the database; a few minutes.
  --few <number>      votes of the first column (10000)
  --many <number>     and of the second (1000000)
  --requests <number> of each kind (100)
  --check             ends with 1 when a goal is missed

soak:
  --minutes <number>  how long (30)
  --seed <number>     of the mix of requests (1)
  --threads <number>  cores that a step may use (2)
  --folder <path>     where the model is kept (.parley/bench)
`;

/** Speed of our own parts, one benchmark a name. Kept apart from the tests: nothing passes or fails by it. */
async function main(): Promise<void> {
  const [name, ...args] = process.argv.slice(2);
  if ([name, ...args].some((it) => it === "--help" || it === "-h")) {
    process.stdout.write(USAGE);
    return;
  }
  const report = await run(name, args);
  if (report === undefined) {
    process.stderr.write(USAGE);
    process.exitCode = 64;
    return;
  }
  if (args.includes("--json")) console.log(JSON.stringify(report));
}

async function run(name: string | undefined, args: string[]): Promise<object | undefined> {
  if (name === "serve") return await runServe(parseArgs({ args, options: SERVE_OPTIONS }).values);
  if (name === "cancel") {
    return await runCancel(parseArgs({ args, options: CANCEL_OPTIONS }).values);
  }
  if (name === "chaos") {
    const report = await runChaosBench(parseArgs({ args, options: CHAOS_OPTIONS }).values);
    if (!report.isSound) process.exitCode = 1;
    return report;
  }
  if (name === "gateway") {
    const { values } = parseArgs({ args, options: GATEWAY_OPTIONS });
    const report = await runGatewayBench(parseGatewayOptions(values));
    if (values.check && report.goals.some((goal) => goal.isMet === false)) process.exitCode = 1;
    return report;
  }
  if (name === "passthrough") {
    const { values } = parseArgs({ args, options: PASSTHROUGH_OPTIONS });
    const report = await runPassthroughBench(parsePassthroughOptions(values));
    if (values.check && report.goals.some((goal) => goal.isMet === false)) process.exitCode = 1;
    return report;
  }
  if (name === "drills") {
    const report = await runDrillBench(parseArgs({ args, options: DRILL_OPTIONS }).values);
    if (!report.isSound) process.exitCode = 1;
    return report;
  }
  if (name === "soak") {
    const report = await runSoak(parseArgs({ args, options: SOAK_OPTIONS }).values);
    if (!report.isSound) process.exitCode = 1;
    return report;
  }
  if (name === "sampling") {
    // It has no flags of its own; a wrong one is refused all the same.
    parseArgs({ args, options: { json: { type: "boolean" } } });
    return runSamplingBench();
  }
  if (name === "usage") {
    parseArgs({ args, options: { json: { type: "boolean" } } });
    return runUsageBench();
  }
  if (name === "dispatch") {
    parseArgs({ args, options: { json: { type: "boolean" } } });
    return runDispatchBench();
  }
  if (name === "board-page") {
    const { values } = parseArgs({ args, options: BOARD_PAGE_OPTIONS });
    const report = await runBoardPageBench(values);
    if (values.check && report.goals.some((goal) => goal.isMet === false)) process.exitCode = 1;
    return report;
  }
  if (name === "battles") {
    const report = await runBattlesBench(parseArgs({ args, options: BATTLES_OPTIONS }).values);
    if (!report.isSound) process.exitCode = 1;
    return report;
  }
  if (name === "ratings") {
    const { values } = parseArgs({ args, options: RATINGS_OPTIONS });
    const report = await runRatingsBench(values);
    if (values.check && report.goals.some((goal) => goal.isMet === false)) process.exitCode = 1;
    return report;
  }
  if (name === "pairs") {
    parseArgs({ args, options: { json: { type: "boolean" } } });
    return runPairsBench();
  }
  if (name === "engine-breadth") {
    const { values } = parseArgs({ args, options: BREADTH_OPTIONS });
    return await runBreadthBench(parseBreadthOptions(values));
  }
  if (name !== "engine") return undefined;
  const { values } = parseArgs({ args, options: ENGINE_OPTIONS });
  return await runEngineBench(parseEngineOptions(values));
}

/** What `parseArgs` throws for a flag that it does not know. */
function isWrongFlag(error: unknown): error is Error {
  return (
    error instanceof TypeError && "code" in error && /^ERR_PARSE_ARGS/.test(String(error.code))
  );
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    if (isWrongFlag(error)) {
      process.stderr.write(`${error.message}. \`npm run bench -- --help\` shows the flags.\n`);
      process.exit(64);
    }
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : error}\n`);
    process.exit(1);
  },
);
