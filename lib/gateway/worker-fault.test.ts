import { expect, test } from "vitest";
import type { Reservation } from "@/lib/controller/places";
import { AppError, type ErrorCode } from "@/lib/errors";
import { asTold } from "@/lib/protocol/worker-error";
import { blame, toClientError } from "./worker-fault";

const lost = () => new AppError("worker-lost", { message: "gone" });

test.each([
  ["a worker that says so", "onnx", asTold(lost()), ["worker-lost"]],
  ["a worker that is found so", "onnx", lost(), ["worker-lost"]],
  ["a Parley that says so of one of its own", "parley", asTold(lost()), []],
  ["a Parley that is found so", "parley", lost(), ["worker-lost"]],
])("lost: %s", (_, kind, thrown, expected) => {
  const heard: ErrorCode[] = [];
  // Of a place no more is asked.
  blame({ kind, failed: (code: ErrorCode) => void heard.push(code) } as Reservation, thrown);
  expect(heard).toEqual(expected);
});

test("a model that is asked too often at its upstream is a client's 429, with the wait", () => {
  const refused = new AppError("rate-limited", { message: "Too often.", retryAfterSeconds: 7 });
  expect(toClientError(asTold(refused))).toMatchObject({
    ...{ code: "rate-limited", status: 429, message: "Too often.", retryAfterSeconds: 7 },
  });
});

test.each<[ErrorCode, RegExp]>([
  ["unavailable", /its worker's log says why.*choose another model/],
  ["model-not-found", /its worker's log says why/],
  ["unauthenticated", /did not accept the request/],
])("%s at a worker is a 502 without the worker's words, which could name it", (code, said) => {
  const heard = toClientError(asTold(new AppError(code, { message: "gpu-7 says no." })));
  expect(heard).toMatchObject({ code: "upstream-invalid", status: 502 });
  expect(heard.message).toMatch(said);
  expect(heard.message).not.toContain("gpu-7");
});
