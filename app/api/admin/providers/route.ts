import { methodNotAllowed } from "@/lib/http/not-allowed";
import { route } from "@/lib/http/route";
import { readAll } from "./read-all";

export const GET = route({ shape: "parley", caller: "admin" }, () => readAll());

export const POST = methodNotAllowed("GET");
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;
