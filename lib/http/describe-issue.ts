import type * as z from "zod";
import { AppError, ERROR_CODE_LIST, type ErrorCode } from "@/lib/errors";

/**
 * What a schema found wrong, as an error that names the field and says what to send instead. Values are
 * never repeated: they may be somebody's conversation, or a megabyte.
 */
export function toBodyError(error: z.ZodError): AppError {
  const issue = error.issues[0];
  if (issue === undefined) {
    return new AppError("invalid-request", { message: "The body is not valid." });
  }
  const { path, message, code } = describeIssue(issue);
  return new AppError(code, {
    message,
    param: path === "" ? undefined : path,
  });
}

type Issue = z.core.$ZodIssue;
type Described = { path: string; message: string; code: ErrorCode };

const UNION_DEPTH_MAX = 4;
const NAMES_SHOWN_MAX = 8;
const NAME_CHARACTERS_MAX = 64;

function describeIssue(issue: Issue): Described {
  const closest = closestIssue(issue);
  return { ...describeClosest(closest), code: codeOf(closest.issue) };
}

/** A schema may say that a request is sound but asks for what is not offered. */
function codeOf(issue: Issue): ErrorCode {
  const code = issue.code === "custom" ? issue.params?.code : undefined;
  return ERROR_CODE_LIST.find((it) => it === code) ?? "invalid-request";
}

type Placed = { issue: Issue; above: PropertyKey[] };

/** What is most likely meant by an issue that is one of several ways to be wrong. */
function closestIssue(issue: Issue, above: PropertyKey[] = [], depth = 0): Placed {
  const inner =
    issue.code === "invalid_union" && depth < UNION_DEPTH_MAX
      ? closestBranch(issue.errors)
      : undefined;
  if (inner === undefined) return { issue, above };
  return closestIssue(inner, [...above, ...issue.path], depth + 1);
}

function describeClosest({ issue, above }: Placed): Omit<Described, "code"> {
  const keys = [...above, ...issue.path];
  const path = keys.map(shorten).join(".");
  const field = path === "" ? "The body" : `\`${path}\``;
  switch (issue.code) {
    case "invalid_type": {
      if (issue.input === undefined) {
        return { path, message: `${field} is missing; it must be ${withArticle(issue.expected)}.` };
      }
      const received = withArticle(kindOf(issue.input));
      return {
        path,
        message: `${field} must be ${withArticle(issue.expected)}, but is ${received}.`,
      };
    }
    case "unrecognized_keys": {
      const names = issue.keys.slice(0, NAMES_SHOWN_MAX).map(shorten);
      const known = names.map((name) => `\`${name}\``).join(", ");
      const first = path === "" ? (names[0] ?? "") : `${path}.${names[0] ?? ""}`;
      const where = path === "" ? "" : ` in \`${path}\``;
      const plural = issue.keys.length > 1;
      return {
        path: first,
        message: `Unknown field${plural ? "s" : ""} ${known}${where}; remove ${plural ? "them" : "it"} or correct the spelling.`,
      };
    }
    case "invalid_value":
      return {
        path,
        message: `${field} must be ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}.`,
      };
    case "too_small":
      return {
        path,
        message: `${field} ${bound(issue.origin, "at least", issue.minimum, issue)}.`,
      };
    case "too_big":
      return { path, message: `${field} ${bound(issue.origin, "at most", issue.maximum, issue)}.` };
    case "custom":
      return { path, message: withStop(path === "" ? issue.message : `${field} ${issue.message}`) };
    default:
      break;
  }
  // A rule with words of its own is a predicate, with a stop or without; zod's own begin with a capital.
  if (/^[a-z]/.test(issue.message)) {
    return { path, message: withStop(`${field} ${issue.message}`) };
  }
  return { path, message: `${field} is not valid: ${issue.message}.` };
}

/** Rules are also told where others end the sentence, as beside lines of a file. */
function withStop(sentence: string): string {
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}

/** Of the branches of a union the one that got furthest, past the bare type: most likely that one was meant. */
function closestBranch(branches: Issue[][]): Issue | undefined {
  const reported = branches.filter((issues) => issues.length > 0);
  const [best] = reported.toSorted((one, other) => reach(other) - reach(one));
  if (best === undefined) return undefined;
  const types = reported.flatMap(([issue]) =>
    issue && isOfAnotherType(issue) ? [issue.expected] : [],
  );
  const [first] = best;
  if (first && isOfAnotherType(first) && types.length > 1) {
    const names = [...new Set(types.map(withArticle))].join(" or ");
    // The names only end up in the message; no schema reads them again.
    return { ...first, expected: names as typeof first.expected };
  }
  return first;
}

function reach(issues: Issue[]): number {
  const [first] = issues;
  // An array is not of a string's type, however much zod goes on to say of its length.
  if (first && isOfAnotherType(first)) return 0;
  // No spread into Math.max: a list of bad elements has more issues than a call has room for arguments.
  return issues.reduce(
    (most, { code, path }) => Math.max(most, path.length + (code === "invalid_type" ? 0 : 1)),
    0,
  );
}

function isOfAnotherType(issue: Issue): issue is z.core.$ZodIssueInvalidType {
  return issue.code === "invalid_type" && issue.path.length === 0;
}

function bound(
  origin: string,
  side: string,
  limit: number | bigint,
  issue: { inclusive?: boolean | undefined },
): string {
  if (origin === "string") return `must have ${side} ${limit} character${limit === 1 ? "" : "s"}`;
  if (origin === "array") return `must have ${side} ${limit} element${limit === 1 ? "" : "s"}`;
  if (issue.inclusive === false)
    return `must be ${side === "at least" ? "greater" : "less"} than ${limit}`;
  return `must be ${side} ${limit}`;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number" && !Number.isFinite(value)) return "number out of range";
  return typeof value;
}

const SPOKEN: Record<string, string> = { int: "integer", record: "object", nan: "number" };

function withArticle(kind: string): string {
  const word = SPOKEN[kind] ?? kind;
  if (word.includes(" ") || word === "null") return word;
  return /^[aeiou]/.test(word) ? `an ${word}` : `a ${word}`;
}

function shorten(key: PropertyKey): string {
  const name = String(key);
  return name.length > NAME_CHARACTERS_MAX ? `${name.slice(0, NAME_CHARACTERS_MAX)}…` : name;
}
