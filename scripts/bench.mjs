// `npm run bench -- <name>`: bundles what changed, then runs dist/bench.mjs.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { bundle } from "./bundle.mjs";
import { root } from "./root.mjs";

try {
  await bundle();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
const child = spawn(process.execPath, [join(root, "dist/bench.mjs"), ...process.argv.slice(2)], {
  stdio: "inherit",
});
// The benchmark stops its own platform; we only wait for it.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code) => process.exit(code ?? 1));
