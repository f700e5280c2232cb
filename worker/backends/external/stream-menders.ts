import { PROVIDERS, type ProviderName } from "@/lib/protocol/provider-table";
import type { UpstreamAbout } from "../upstream-error";
import { AnthropicEvents, CohereEvents, GoogleEvents } from "./known-events";
import type { StreamMender } from "./mended-stream";
import { PlainChunks } from "./plain-chunks";

/** For one answer; undefined for a wire that needs none. */
export function createMender(
  provider: ProviderName,
  about: UpstreamAbout,
): StreamMender | undefined {
  if (PROVIDERS[provider].isOpenAiShaped) return new PlainChunks(about);
  switch (provider) {
    case "anthropic":
    case "vertex-anthropic":
      return new AnthropicEvents();
    case "cohere":
      return new CohereEvents();
    case "google":
    case "vertex":
      return new GoogleEvents(about);
    default:
      return undefined;
  }
}
