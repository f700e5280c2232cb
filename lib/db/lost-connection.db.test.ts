/**
 * Goal: a database that goes away in the middle of a transaction is an error of that transaction and nothing else: the
 * process lives, and every place of the pool is of use again. Method: a real database behind a wire that is cut;
 * `scripts/mend-postgres.mjs` says what the driver did before.
 */
import { expect, inject, onTestFinished, test } from "vitest";
import { connect } from "./connect";
import { openWire } from "./testing-wire";

const PLACES = 2;
/** Each place of the pool loses its connection more than once. */
const LOSSES = Array.from({ length: 3 * PLACES }, (_, index) => `as lost_${index}`);

for (const how of ["close", "reset"] as const) {
  test(`transactions whose wire is cut (${how}) fail, and the pool answers as before`, async () => {
    const uncaught: unknown[] = [];
    const hear = (error: unknown) => void uncaught.push(error);
    process.on("uncaughtException", hear);
    onTestFinished(() => void process.off("uncaughtException", hear));
    const { url, cut } = await openWire(inject("databaseServerUrl"), LOSSES, how);
    const sql = connect(url, { connectionsMax: PLACES });
    onTestFinished(() => sql.end({ timeout: 1 }));

    for (const [index] of LOSSES.entries()) {
      const lost = sql.begin(async (within) => {
        await within`select ${index}::int as begun`;
        await within.savepoint(async (deeper) => {
          await deeper.unsafe(`select 1 as lost_${index}`);
        });
      });
      await expect(lost).rejects.toMatchObject({
        code: expect.stringMatching(/^(CONNECTION_CLOSED|ECONNRESET|EPIPE)$/),
      });
      // A first question may still meet the loss; none waits without end, and answers are to their own questions.
      const numbers = Array.from({ length: 2 * PLACES }, (_, at) => 100 * index + at);
      await expect
        .poll(async () => {
          const asked = numbers.map((number) => sql`select ${number}::int as number`);
          const answers = await Promise.allSettled(asked);
          return answers.map((it) => (it.status === "fulfilled" ? it.value[0]?.number : "lost"));
        })
        .toEqual(numbers);
    }
    expect(cut).toEqual(LOSSES);
    expect(uncaught).toEqual([]);
  });
}
