/** A worker's part in launching: starts the command it is told, says where it is, and lives on. */

import { log } from "@/lib/telemetry/log";
import { launchServer } from "../launched-server";

const [logFile = "", ...command] = process.argv.slice(2);
const options = { command, logFile, apiKey: () => undefined, stopMsMax: 200 };
const { baseUrl } = await launchServer(options, log.child({}, { level: "silent" }));
process.stdout.write(`${baseUrl}\n`);
setInterval(() => undefined, 1_000);
