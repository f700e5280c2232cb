import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { toAppError } from "@/lib/errors";
import { openDatabase } from "./client";
import { createTestDatabase } from "./testing";

test("a statement to a server that is not there is the outage it is, and no bug", async () => {
  const { close, db } = openDatabase("postgres://postgres@localhost/x?host=%2Fno%2Fsuch%2Ffolder");
  try {
    const outage = { code: "unavailable", status: 503, retryAfterSeconds: 2 };
    const failed = await db.execute(sql`select 1`).catch((thrown) => thrown);
    expect(toAppError(failed)).toMatchObject({ ...outage, cause: failed });
    const begun = await db.transaction(async () => undefined).catch((thrown) => thrown);
    expect(toAppError(begun)).toMatchObject({ ...outage, cause: begun });
    // A socket of anything else says nothing of the database.
    const other = Object.assign(new Error("connect ENOENT"), { code: "ENOENT" });
    expect(toAppError(other).code).toBe("internal");
  } finally {
    await close();
  }
});

test("a connection that the server ends is an outage, a wrong statement is a bug", async () => {
  const { db, drop } = await createTestDatabase();
  try {
    const wrong = await db.execute(sql`select nothing from nowhere`).catch((thrown) => thrown);
    expect(toAppError(wrong)).toMatchObject({ code: "internal", cause: wrong });
    const ended = await db
      .execute(sql`select pg_terminate_backend(pg_backend_pid())`)
      .catch((thrown) => thrown);
    expect(toAppError(ended)).toMatchObject({ code: "unavailable", cause: ended });
    // A transaction that cannot begin fails without a statement around it.
    expect(toAppError(ended.cause)).toMatchObject({ code: "unavailable", cause: ended.cause });
  } finally {
    await drop();
  }
});
