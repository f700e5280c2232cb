import { AppError } from "@/lib/errors";
import { BODY_BYTES_MAX, OVERLOADED_RETRY_AFTER_SECONDS } from "@/lib/limits";
import {
  type GivenMessage,
  type GivenPart,
  hasImage,
  type ImageAddress,
  type ImagePart,
  type Message,
  type MessagePart,
} from "@/lib/protocol/message";
import {
  IMAGE_FETCHES_AT_ONCE,
  IMAGE_FETCHES_MAX,
  IMAGES_A_REQUEST_MAX,
  IMAGES_BYTES_MAX,
} from "@/lib/upstream-limits";
import { mapInLanes } from "@/lib/util/map-in-lanes";
import { type FetchImageOptions, fetchImage } from "./fetch-image";

/**
 * The messages with their images in them: what stands at an address is fetched, once for each address. A
 * promise only where there are images.
 *
 * @throws AppError `invalid-request` for an image that cannot be had, and for more than a request may show;
 * `body-too-large` for texts longer than any request's; `overloaded` while this process fetches as many as it may.
 */
export function bringImages(
  messages: GivenMessage[],
  options: FetchImageOptions,
): Message[] | Promise<Message[]> {
  expectShortTexts(messages);
  // Each part is a text: no other kind is left.
  return messages.some(hasImage) ? bring(messages, options) : (messages as Message[]);
}

async function bring(messages: GivenMessage[], options: FetchImageOptions): Promise<Message[]> {
  const images = messages.flatMap(({ content }) => content.filter(isImage));
  if (images.length > IMAGES_A_REQUEST_MAX) {
    throw refusal(
      `The request shows ${images.length} images, and ${IMAGES_A_REQUEST_MAX} are allowed.`,
    );
  }
  const budget = new ByteBudget();
  const elsewhere = new Map<string, Shown>();
  for (const image of images) {
    if (image.type === "image") {
      budget.take(image);
      continue;
    }
    const { times = 0 } = elsewhere.get(image.url) ?? {};
    elsewhere.set(image.url, { address: image, times: times + 1 });
  }
  const fetched = await fetchAll([...elsewhere.values()], options, budget);
  const byUrl = new Map([...elsewhere.keys()].map((url, index) => [url, fetched[index]]));
  const shown = (part: GivenPart): MessagePart[] => {
    if (part.type !== "image-address") return [part];
    const image = byUrl.get(part.url);
    return image ? [{ ...image, ...(part.detail && { detail: part.detail }) }] : [];
  };
  return messages.map((message) => ({ ...message, content: message.content.flatMap(shown) }));
}

/** A body may be longer for the sake of its images, and not of its texts. */
function expectShortTexts(messages: readonly GivenMessage[]): void {
  let characters = 0;
  for (const { content } of messages) {
    for (const part of content) if (part.type === "text") characters += part.text.length;
  }
  if (characters <= BODY_BYTES_MAX) return;
  throw new AppError("body-too-large", {
    message: `The texts of the request have ${characters} characters, and ${BODY_BYTES_MAX} are allowed. Send less.`,
    param: "messages",
  });
}

const isImage = (part: GivenPart): part is ImagePart | ImageAddress => part.type !== "text";

let underWay = 0;

/** An address, and in how many places of the request it stands. */
type Shown = { address: ImageAddress; times: number };

async function fetchAll(
  shown: readonly Shown[],
  options: FetchImageOptions,
  budget: ByteBudget,
): Promise<ImagePart[]> {
  return await mapInLanes(shown, IMAGE_FETCHES_AT_ONCE, async ({ address, times }) => {
    if (underWay >= IMAGE_FETCHES_MAX) {
      throw new AppError("overloaded", {
        message: "Too many images are being fetched here at this moment. Try again shortly.",
        retryAfterSeconds: OVERLOADED_RETRY_AFTER_SECONDS,
      });
    }
    underWay += 1;
    try {
      const image = await fetchImage(address, options);
      // A worker gets it once for each place.
      budget.take(image, times);
      return image;
    } finally {
      underWay -= 1;
    }
  });
}

/** What a request's images may have together. */
class ByteBudget {
  #bytes = 0;

  take({ data }: ImagePart, times = 1): void {
    this.#bytes += (data.length / 4) * 3 * times;
    if (this.#bytes <= IMAGES_BYTES_MAX) return;
    throw refusal(
      `The images of the request have more than ${IMAGES_BYTES_MAX / 1024 ** 2} MiB together.`,
    );
  }
}

function refusal(fault: string): AppError {
  const message = `${fault} Send fewer or smaller ones.`;
  return new AppError("invalid-request", { message, param: "messages" });
}
