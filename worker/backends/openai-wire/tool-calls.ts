import { randomUUID } from "node:crypto";
import { AppError } from "@/lib/errors";
import { TOOL_CALLS_MAX } from "@/lib/limits";
import type { ToolCallDelta, ToolCallStart } from "@/lib/protocol/generate-event";
import type { CallDelta } from "./wire";

type Open = { index: number; id: string | undefined; place: number };

/**
 * The calls of an answer out of their deltas, numbered in the order in which they begin. Servers differ: some
 * leave out the index or give all calls the same one, some the id, and some send a call in one piece.
 */
export class ToolCalls {
  readonly #calls: Open[] = [];

  get count(): number {
    return this.#calls.length;
  }

  /**
   * Events of one delta; what stands before its call has a name belongs to none and is left out.
   *
   * @throws AppError `upstream-invalid` for more calls than an answer may hold.
   */
  take(delta: CallDelta): (ToolCallStart | ToolCallDelta)[] {
    const events: (ToolCallStart | ToolCallDelta)[] = [];
    const name = delta.function?.name ?? "";
    let call = this.#find(delta, name);
    if (call === undefined) {
      if (name === "") return [];
      call = this.#begin(delta);
      const id = call.id ?? `call_${randomUUID().replaceAll("-", "").slice(0, 24)}`;
      events.push({ type: "tool-call-start", index: call.index, id, name });
    }
    const text = toText(delta.function?.arguments);
    if (text !== "") events.push({ type: "tool-call-delta", index: call.index, text, tokens: 0 });
    return events;
  }

  /** A name and another id than the one under this index is another call. */
  #find({ index, id }: CallDelta, name: string): Open | undefined {
    const last = this.#calls.at(-1);
    const sameIndex = index == null ? last : this.#calls.findLast(({ place }) => place === index);
    if (sameIndex === undefined || name === "") return sameIndex;
    const isRepeated = id != null && id !== "" && id === sameIndex.id;
    return isRepeated ? sameIndex : undefined;
  }

  #begin({ index, id }: CallDelta): Open {
    if (this.#calls.length >= TOOL_CALLS_MAX) {
      const message = `The model asks for more than ${TOOL_CALLS_MAX} calls at once.`;
      throw new AppError("upstream-invalid", { message });
    }
    const call = {
      index: this.#calls.length,
      id: id || undefined,
      place: index ?? this.#calls.length,
    };
    this.#calls.push(call);
    return call;
  }
}

function toText(value: NonNullable<CallDelta["function"]>["arguments"]): string {
  if (value == null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
