/** Goal: who holds which cookie is let in as whom, and guessing is bounded. */
import { describe, expect, test, vi } from "vitest";

vi.hoisted(() => {
  process.env.PARLEY_SECRET = "secret-of-the-tests";
  process.env.PARLEY_ADMIN_TOKEN = "admin-token-of-the-tests";
  process.env.PARLEY_PUBLIC_URL = "https://arena.example";
});

import { ADMIN_ATTEMPTS_ALL_MAX } from "@/lib/arena-limits";
import { AppError } from "@/lib/errors";
import { ADMIN_ATTEMPTS_MAX, ADMIN_ATTEMPTS_WINDOW_MS, ADMIN_SESSION_SECONDS } from "@/lib/limits";
import { isId } from "@/lib/util/id";
import { closeAdminSession, isAdminSession, openAdminSession } from "./admin-session";
import { isSameSecret, readBearer } from "./bearer";
import { readCookie } from "./cookie";
import { createVisitor, readVisitorId } from "./visitor";

const TOKEN = "admin-token-of-the-tests";
const pairOf = (setCookie: string) => setCookie.split(";")[0] ?? "";

function codeOf(act: () => unknown): string | undefined {
  try {
    act();
  } catch (error) {
    return error instanceof AppError ? error.code : "no AppError";
  }
  return undefined;
}

describe("visitors", () => {
  test("are known again by header and by bare value, and by nothing else", () => {
    const { visitorId, setCookie } = createVisitor();
    expect(isId(visitorId)).toBe(true);
    const pair = pairOf(setCookie);
    expect(readVisitorId(`theme=dark; ${pair}; parley_admin=x`)).toBe(visitorId);
    expect(readVisitorId(pair.slice(pair.indexOf("=") + 1))).toBe(visitorId);
    for (const stranger of [
      null,
      undefined,
      "",
      "parley_visitor=",
      `parley_visitor=${visitorId}`,
    ]) {
      expect(readVisitorId(stranger)).toBeUndefined();
    }
    // An admin's cookie is signed with the same secret for another purpose.
    const admin = pairOf(openAdminSession(TOKEN, "here"));
    expect(readVisitorId(admin.replace("parley_admin", "parley_visitor"))).toBeUndefined();
  });

  test("get a cookie that scripts cannot read and plain http does not carry", () => {
    expect(createVisitor().setCookie).toMatch(
      /; Path=\/; Max-Age=31536000; HttpOnly; SameSite=Lax; Secure$/,
    );
  });
});

describe("an admin session", () => {
  test("opens with the token, lasts its time and closes", () => {
    const cookie = pairOf(openAdminSession(TOKEN, "here", 1_000));
    expect(isAdminSession(cookie, 1_000)).toBe(true);
    expect(isAdminSession(cookie, 1_000 + ADMIN_SESSION_SECONDS * 1000)).toBe(false);
    expect(isAdminSession(pairOf(closeAdminSession()))).toBe(false);
    expect(isAdminSession(cookie.replace("parley_admin", "parley_visitor"), 1_000)).toBe(false);
    expect(isAdminSession("parley_admin=99999999999999.x")).toBe(false);
  });

  test("is not guessed: after too many wrong tokens even the right one waits, and the operator elsewhere does not", () => {
    const nowMs = 10_000_000;
    const open = (token: string, network: string, atMs = nowMs) =>
      codeOf(() => openAdminSession(token, network, atMs));
    for (let attempt = 0; attempt < ADMIN_ATTEMPTS_MAX; attempt++) {
      expect(open(`${TOKEN}${attempt}`, "guesser")).toBe("unauthenticated");
    }
    expect(open(TOKEN, "guesser", nowMs + 1)).toBe("overloaded");
    expect(open(TOKEN, "operator", nowMs + 1)).toBeUndefined();
    expect(open(TOKEN, "guesser", nowMs + ADMIN_ATTEMPTS_WINDOW_MS)).toBeUndefined();
  });

  test("is not guessed from many networks at once, which keep nobody out who was in before", () => {
    const nowMs = 20_000_000;
    const open = (token: string, network: string) =>
      codeOf(() => openAdminSession(token, network, nowMs));
    expect(open(TOKEN, "operator")).toBeUndefined();
    for (let attempt = 0; attempt < ADMIN_ATTEMPTS_ALL_MAX; attempt++) {
      expect(open("wrong", `network-${attempt}`)).toBe("unauthenticated");
    }
    expect(open("wrong", "one-more")).toBe("overloaded");
    expect(open(TOKEN, "operator")).toBeUndefined();
  });
});

test("bearer tokens are read as RFC 6750 writes them", () => {
  expect(readBearer("Bearer abc.def")).toBe("abc.def");
  expect(readBearer("bearer  abc")).toBe("abc");
  expect(readBearer("Bearer a b")).toBe("a b");
  for (const header of [null, "", "Bearer", "Bearer ", "Basic abc"]) {
    expect(readBearer(header)).toBeUndefined();
  }
  expect(isSameSecret("abc", "abc")).toBe(true);
  expect(isSameSecret("abc", "abd")).toBe(false);
  expect(isSameSecret("abc", "abcd")).toBe(false);
});

test("a cookie is found among others, first of its name, never by a part of it", () => {
  expect(readCookie("a=1; b=2", "b")).toBe("2");
  expect(readCookie("xb=1; b=2; b=3", "b")).toBe("2");
  expect(readCookie("bb=1", "b")).toBeUndefined();
  expect(readCookie(";;=;b", "b")).toBeUndefined();
});
