/** Next calls this once a process. The condition has to stand in this very shape, or the edge build takes the import too. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME === "nodejs") {
    const { boot } = await import("./instrumentation-node");
    await boot();
  }
}
