import { unknownPath } from "@/lib/http/unknown-path";
import { paths } from "@/lib/paths";

export const GET = unknownPath("/detokenize/*", [`POST ${paths.detokenize}`]);

export const HEAD = GET;
export const POST = GET;
export const PUT = GET;
export const PATCH = GET;
export const DELETE = GET;
export const OPTIONS = GET;
