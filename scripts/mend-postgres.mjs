// The database's driver, `postgres` 3.4.9, loses its count when a connection closes while a transaction is under
// way. The ROLLBACK that follows is written to a socket that is no more: on a clean close that throws where nobody
// can catch it and ends the process, on a reset it leaves behind a timer that was cleared and counts as set, so that
// nothing is sent on that place of the pool ever again. Upstream it is known (issues 1066, 1154, 1208 of
// porsager/postgres) and in no release. Three places are changed in what npm installed, after each install, and
// `lib/db/lost-connection.db.test.ts` fails where they are not.
import { readFileSync, writeFileSync } from "node:fs";

const VERSION = "3.4.9";
const FOLDER = "node_modules/postgres";
const FILES = ["src/connection.js", "cjs/src/connection.js"];

const CHANGES = [
  {
    // Whatever was to be sent is refused like what was sent before it.
    old: `  function nextWrite(fn) {
    const x = socket.write(chunk, fn)
    nextWriteTimer !== null && clearImmediate(nextWriteTimer)`,
    new: `  function nextWrite(fn) {
    if (socket === null) {
      clearImmediate(nextWriteTimer)
      chunk = nextWriteTimer = null
      error(Errors.connection('CONNECTION_CLOSED', options))
      return false
    }
    const x = socket.write(chunk, fn)
    nextWriteTimer !== null && clearImmediate(nextWriteTimer)`,
  },
  {
    // A timer that was cleared counts as none, and what it was to send is not sent on the next connection.
    old: `    incomings = null
    clearImmediate(nextWriteTimer)
    socket.removeListener('data', data)`,
    new: `    incomings = null
    clearImmediate(nextWriteTimer)
    chunk = nextWriteTimer = null
    socket.removeListener('data', data)`,
  },
  {
    // After an error, too: what was asked since then would be taken for answered by the next connection's answers.
    old: "    !hadError && (query || sent.length) && error(",
    new: "    if (query || sent.length) error(",
  },
];

/** @throws Error where another version is installed than the one that this was written for */
export function mendPostgres(folder = FOLDER) {
  const { version } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  if (version !== VERSION) {
    throw new Error(
      `scripts/mend-postgres.mjs knows postgres ${VERSION}, and ${version} is installed. See whether that version still needs it.`,
    );
  }
  for (const file of FILES) {
    const path = `${folder}/${file}`;
    const text = readFileSync(path, "utf8");
    const mended = CHANGES.reduce((now, change) => {
      if (now.includes(change.new)) return now;
      if (!now.includes(change.old)) throw new Error(`${path} is not that of postgres ${VERSION}.`);
      return now.replace(change.old, () => change.new);
    }, text);
    if (mended !== text) writeFileSync(path, mended);
  }
}
