import type { GenerationResumed } from "./generate-event";

/** What a stream says beside its events: readers of server-sent events skip it. One line. */
export class StreamNote {
  readonly type = "stream-note";
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Another worker goes on with the answer, of which so many tokens have been told. */
export function toResumedNote({ afterTokens }: Pick<GenerationResumed, "afterTokens">): StreamNote {
  return new StreamNote(`parley-resumed after=${afterTokens}`);
}
