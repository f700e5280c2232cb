/** Says what is being done, does it, and says how long it took. */
export async function step(name, run) {
  const startedAt = performance.now();
  const isTerminal = process.stdout.isTTY;
  if (isTerminal) process.stdout.write(`  ${name} …`);
  try {
    return await run();
  } finally {
    const seconds = `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
    process.stdout.write(
      `${isTerminal ? "\r\u001b[K" : ""}  ${name.padEnd(44)} ${seconds.padStart(7)}\n`,
    );
  }
}
