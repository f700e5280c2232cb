import { AppError } from "@/lib/errors";
import { BODY_LIST_ELEMENTS_MAX, BODY_VALUES_MAX } from "@/lib/limits";

/**
 * Refuses bodies of so many values that reading them by a schema would hold up everybody else: a schema
 * finds something wrong with each element of a list before it says so, 3 s for a megabyte of `{}`.
 *
 * @throws AppError `invalid-request`
 */
export function checkValueCount(body: unknown, valuesMax = BODY_VALUES_MAX): void {
  const open: { value: object; path: string }[] = [];
  let count = 0;
  const see = (value: unknown, path: () => string) => {
    if (typeof value === "number") return;
    count += 1;
    if (typeof value === "object" && value !== null) open.push({ value, path: path() });
  };
  see(body, () => "");
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, path } = next;
    if (Array.isArray(value)) checkList(value, path);
    if (count > valuesMax) throw tooMany(path, valuesMax);
    const place = (key: string) =>
      (path === "" ? key : `${path}.${key}`).slice(0, PATH_CHARACTERS_MAX);
    if (Array.isArray(value))
      value.forEach((it, index) => void see(it, () => place(String(index))));
    else for (const [key, it] of Object.entries(value)) see(it, () => place(key));
  }
  if (count > valuesMax) throw tooMany("", valuesMax);
}

/** Paths are for people; what lies deeper is found by its beginning. */
const PATH_CHARACTERS_MAX = 128;

function checkList(list: readonly unknown[], path: string): void {
  if (list.length <= BODY_LIST_ELEMENTS_MAX || list.every(isTokenId)) return;
  throw new AppError("invalid-request", {
    message: `${path === "" ? "The body" : `\`${path}\``} must have at most ${BODY_LIST_ELEMENTS_MAX} elements; only a list of token ids may have more.`,
    param: path === "" ? undefined : path,
  });
}

const isTokenId = (it: unknown) => Number.isInteger(it) && Number(it) >= 0;

/** Names the field in which the count was passed; it need not hold them all. */
function tooMany(path: string, valuesMax: number): AppError {
  const [field = ""] = path.split(".");
  return new AppError("invalid-request", {
    message: `The body holds more than ${valuesMax} values besides numbers; send fewer.`,
    param: field === "" ? undefined : field,
  });
}
