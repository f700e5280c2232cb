/** Goal: the platform of a clone is looked for where it would be started. Method: settings in, an address out. */
import { expect, test } from "vitest";
import { addressBySettings } from "./running";

const url = "http://127.0.0.1:3000";

test.each([
  ["nothing is set", { url, isSet: false, port: 3000 }, "http://127.0.0.1:3000"],
  ["a port alone", { url, isSet: false, port: 4100 }, "http://127.0.0.1:4100"],
  ["any free port, which nobody can know", { url, isSet: false, port: 0 }, url],
  [
    "another controller",
    { url: "https://far.example", isSet: true, port: 4100 },
    "https://far.example",
  ],
])("%s", (_, told, expected) => {
  expect(addressBySettings(told)).toBe(expected);
});
