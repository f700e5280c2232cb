#!/usr/bin/env node
// `npm start`. This file must parse on a Node too old for the rest, so that such a Node gets a sentence
// and not a syntax error: no `node:` names, no `?.`, no top-level await here.

const needed = [20, 12];
const version = process.versions.node.split(".").map(Number);

if (version[0] < needed[0] || (version[0] === needed[0] && version[1] < needed[1])) {
  process.stderr.write(
    "Parley needs Node.js " +
      needed.join(".") +
      " or newer, and this is " +
      process.versions.node +
      ". Install a newer one from https://nodejs.org and run the same command again.\n",
  );
  process.exitCode = 78;
} else {
  import("./start-parley.mjs").then(
    (it) => it.startParley(),
    (error) => {
      process.stderr.write(`${error.stack}\n`);
      process.exitCode = 1;
    },
  );
}
