import { unreachable } from "@/lib/util/assert";
import type { AnswerEvent } from "./answer-events";
import type { Sequence } from "./sequence";

/**
 * Names the tokens of each delta, and leaves out what was told of an answer before it came here. A token
 * is counted by the last of the events that its text makes, so whoever has heard of it has heard all of
 * them, and whoever has not hears each of them anew.
 *
 * @param namesTokens whether deltas name their tokens
 */
export async function* tellNewTokens(
  events: AsyncIterable<AnswerEvent>,
  { ids, options: { promptIds, resumed } }: Pick<Sequence, "ids" | "options">,
  namesTokens: boolean,
): AsyncGenerator<AnswerEvent> {
  const toldCount = resumed?.ids.length ?? 0;
  let count = 0;
  for await (const event of events) {
    switch (event.type) {
      case "sequence-start":
      case "token":
      case "prompt-tokens":
      case "sequence-end":
        yield event;
        break;
      case "tool-call-start":
        if (count >= toldCount) yield event;
        break;
      case "text-delta":
      case "reasoning-delta":
      case "tool-call-delta": {
        const before = count;
        count += event.tokenCount;
        if (before < toldCount && count <= toldCount) break;
        const first = Math.max(before, toldCount);
        const tokenIds = ids.slice(promptIds.length + first, promptIds.length + count);
        yield { ...event, tokenCount: count - first, ...(namesTokens && { tokenIds }) };
        break;
      }
      default:
        unreachable(event);
    }
  }
}
