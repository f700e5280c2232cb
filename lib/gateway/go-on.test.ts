/** Goal: once an answer has begun, only who could go on with it counts as somebody else. */
import { expect, test, vi } from "vitest";
import type { Wanted } from "@/lib/controller/explain-absence";
import { RESUMPTIONS_MAX } from "@/lib/fleet-limits";
import { AnswerTrail } from "./answer-trail";
import { createGoOn } from "./go-on";
import type { WorkerStream } from "./worker-stream";

function createWorld({ ids }: { ids: number[] | undefined }) {
  const visit = vi.fn(async (_wanted: Wanted, _passedOver: ReadonlySet<string>) => ({}));
  const resumed = { times: 0 };
  const first = {
    start: { build: "b" },
    reservation: { workerId: "w", offer: { build: "b", contextLength: 64, features: ["resume"] } },
    hasElsewhere: async () => true,
  };
  const controller = { visit };
  const attempts = { controller, model: "m", features: ["chat"] };
  const trail = new AnswerTrail(ids);
  // No more of these is looked at before a worker fails.
  createGoOn({ first, trail, resumed, attempts, request: {}, called: {} } as never);
  return { visit, resumed, stream: first as unknown as WorkerStream & typeof first };
}

test("a worker of the same build that can go on counts, and it alone is asked for", async () => {
  const { visit, stream } = createWorld({ ids: [1, 2] });
  expect(await stream.hasElsewhere()).toBe(true);
  const [wanted, passedOver] = visit.mock.calls[0] ?? [];
  expect(wanted).toMatchObject({
    features: ["chat", "resume"],
    like: { build: "b", contextLength: 64 },
  });
  expect([...(passedOver ?? [])]).toEqual(["w"]);
});

test("nobody counts for an answer that cannot be gone on with, or was often enough", async () => {
  const fixed = createWorld({ ids: undefined });
  expect(await fixed.stream.hasElsewhere()).toBe(false);
  const often = createWorld({ ids: [1] });
  often.resumed.times = RESUMPTIONS_MAX;
  expect(await often.stream.hasElsewhere()).toBe(false);
  expect(fixed.visit).not.toHaveBeenCalled();
  expect(often.visit).not.toHaveBeenCalled();
});
