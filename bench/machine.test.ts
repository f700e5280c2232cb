import { expect, test } from "vitest";
import { describeMachine, machineLines, parseInstructionSets } from "./machine";

test("instruction sets are read from both kinds of processor", () => {
  expect(parseInstructionSets("flags\t\t: fpu avx2 avx512f avx512_vnni xyz\n")).toEqual([
    "avx2",
    "avx512f",
    "avx512_vnni",
  ]);
  expect(parseInstructionSets("Features\t: fp asimd asimddp i8mm\n")).toEqual(["asimddp", "i8mm"]);
  expect(parseInstructionSets("")).toEqual([]);
});

test("a busy machine is called one", () => {
  const machine = { ...describeMachine(), cores: 2 };
  expect(machineLines({ ...machine, loadAverage: 1.5 }).join("\n")).toContain("busy");
  expect(machineLines({ ...machine, loadAverage: 0.5 }).join("\n")).not.toContain("busy");
});
