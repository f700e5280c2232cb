import { expect, test } from "vitest";
import { readEngineLoad, withoutOwn } from "./engine-load";

const TEXT = `# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="Qwen/Qwen3-8B"} 3.0
vllm:num_requests_running{engine="1",model_name="Qwen/Qwen3-8B"} 2.0
vllm:num_requests_waiting{engine="0",model_name="Qwen/Qwen3-8B"} 1.0
vllm:num_requests_waiting{engine="1",model_name="a \\"} 9 b"} 4e0 1750000000000
vllm:num_requests_waiting_by_reason{engine="1",reason="capacity"} 7.0
vllm:kv_cache_usage_perc{engine="0",model_name="Qwen/Qwen3-8B"} 0.25
vllm:kv_cache_usage_perc{engine="1",model_name="Qwen/Qwen3-8B"} 0.5
`;

test("load is summed over engines, and the fullest cache counts", () => {
  expect(readEngineLoad(TEXT)).toEqual({ running: 5, waiting: 5, cacheShare: 0.5 });
  expect(readEngineLoad("vllm:num_requests_running 2\nvllm:gpu_cache_usage_perc 0.1")).toEqual({
    ...{ running: 2, waiting: 0, cacheShare: 0.1 },
  });
  expect(readEngineLoad("# nothing\nvllm:num_requests_running NaN\n<html>")).toBeUndefined();
});

test("what is our own is taken off what runs, then off what waits, never below nothing", () => {
  const load = { running: 5, waiting: 3, cacheShare: undefined };
  expect(withoutOwn(load, 0)).toEqual({ running: 5, waiting: 3 });
  expect(withoutOwn(load, 4)).toEqual({ running: 1, waiting: 3 });
  expect(withoutOwn(load, 6)).toEqual({ running: 0, waiting: 2 });
  expect(withoutOwn(load, 99)).toEqual({ running: 0, waiting: 0 });
});
