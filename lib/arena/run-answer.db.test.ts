import { expect, test, vi } from "vitest";
import { firstTokenTimes } from "@/lib/gateway/first-token-times";
import { MOCK_MODELS } from "@/worker/backends/mock-models";
import { begin, chat, createWorld, readTurn } from "./__fixtures__/world";
import { readConversation } from "./read-conversation";

test("a character that the database cannot hold is told as it is kept", async () => {
  // A worker takes its sentinels as they are when it begins.
  const says = vi.spyOn(MOCK_MODELS["mock/echo"]!, "say");
  says.mockReturnValue(["one", "\0two", "\0", " three"]);
  const world = await createWorld(["mock/echo"]);
  try {
    const { visitorId, events } = await begin(world, chat("Say NUL."));
    const turn = await readTurn(events);
    const answer = turn.side(null);
    expect(answer).toMatchObject({ status: "complete", content: "one\ufffdtwo\ufffd three" });
    expect(turn.texts.get(answer.id)).toBe(answer.content);
    const view = await readConversation(world.arena, {
      ...{ visitorId, conversationId: turn.start.conversationId },
    });
    expect(view.messages[1]).toEqual(answer);
  } finally {
    says.mockRestore();
    await world.close();
  }
});

test("what a page asks teaches `auto` nothing: its times would name the two of a blind battle", async () => {
  const world = await createWorld(["mock/echo"]);
  try {
    const turn = await readTurn((await begin(world, chat("Be quick."))).events);
    expect(turn.side(null).status).toBe("complete");
    expect(firstTokenTimes().median("mock/echo", performance.now())).toBeUndefined();
  } finally {
    await world.close();
  }
});
