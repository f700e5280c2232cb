import type { IncomingHttpHeaders } from "node:http";

/** What whoever hears an answer may do about it. After its end each does nothing. */
export type AnswerControl = {
  /** The handler hears of `reason` by `onResponseError`. */
  abort(reason: Error): void;
  pause(): void;
  resume(): void;
};

/** Hears one answer as it comes: the last two end it. A part of undici's interface, so that one handler serves both clients. */
export type AnswerHandler = {
  onRequestStart(control: AnswerControl): void;
  /** @param headers under lower-case names. */
  onResponseStart(control: AnswerControl, status: number, headers: IncomingHttpHeaders): void;
  /** @param chunk the handler's only until it returns: what it keeps it copies. */
  onResponseData(control: AnswerControl, chunk: Buffer): void;
  onResponseEnd(control: AnswerControl): void;
  onResponseError(control: AnswerControl, error: Error): void;
};

export type PlainCall = {
  /** `http://host:port` */
  origin: string;
  path: string;
  method: "POST";
  headers: Record<string, string>;
  body: string;
};
