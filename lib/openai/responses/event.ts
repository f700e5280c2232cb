import type { OpenAiTokenScore } from "../chat/log-probabilities";
import type { OutputItem, OutputTextPart, ReasoningPart, SummaryPart } from "./item";
import type { ResponseObject } from "./response-object";

type ItemPlace = { item_id: string; output_index: number };
type PartPlace = ItemPlace & { content_index: number };
type SummaryPlace = ItemPlace & { summary_index: number };

type LifecycleType =
  | "response.created"
  | "response.queued"
  | "response.in_progress"
  | "response.completed"
  | "response.incomplete"
  | "response.failed";

/** What a stream says, before it is numbered (API reference, Responses, Streaming events). */
export type ResponseEventContent =
  | { type: LifecycleType; response: ResponseObject }
  | {
      type: "response.output_item.added" | "response.output_item.done";
      output_index: number;
      item: OutputItem;
    }
  | ({
      type: "response.content_part.added" | "response.content_part.done";
      part: OutputTextPart | ReasoningPart;
    } & PartPlace)
  | ({
      type: "response.output_text.delta";
      delta: string;
      logprobs: OpenAiTokenScore[];
    } & PartPlace)
  | ({
      type: "response.output_text.done";
      text: string;
      logprobs: OpenAiTokenScore[];
    } & PartPlace)
  | ({ type: "response.reasoning_text.delta"; delta: string } & PartPlace)
  | ({ type: "response.reasoning_text.done"; text: string } & PartPlace)
  | ({
      type: "response.reasoning_summary_part.added" | "response.reasoning_summary_part.done";
      part: SummaryPart;
    } & SummaryPlace)
  | ({ type: "response.reasoning_summary_text.delta"; delta: string } & SummaryPlace)
  | ({ type: "response.reasoning_summary_text.done"; text: string } & SummaryPlace)
  | ({ type: "response.function_call_arguments.delta"; delta: string } & ItemPlace)
  | ({
      type: "response.function_call_arguments.done";
      name: string;
      arguments: string;
    } & ItemPlace)
  | { type: "error"; code: string | null; message: string; param: string | null };

/** Numbered from 0 on within a response. */
export type ResponseEvent = ResponseEventContent & { sequence_number: number };
