import { unknownPath } from "@/lib/http/unknown-path";
import { paths } from "@/lib/paths";

/** FastChat's two are all there are. */
export const GET = unknownPath("/api/v1/*", [
  `POST ${paths.fastchat.chatCompletions}`,
  `POST ${paths.fastchat.tokenCheck}`,
]);

export const HEAD = GET;
export const POST = GET;
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
export const OPTIONS = GET;
