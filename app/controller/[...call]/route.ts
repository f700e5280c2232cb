import { fastchatCall } from "../_calls/fastchat-call";

export const GET = fastchatCall;
export const HEAD = fastchatCall;
export const POST = fastchatCall;
export const PUT = fastchatCall;
export const PATCH = fastchatCall;
export const DELETE = fastchatCall;
