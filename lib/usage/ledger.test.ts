/** Goal: who may do how much, decided in memory, and what they are told. The clock is the test's. */
import { describe, expect, test } from "vitest";
import type { AppError } from "@/lib/errors";
import { seededRandom } from "@/lib/util/random";
import { UsageLedger } from "./ledger";
import type { Meter } from "./meter";
import { toDuration } from "./rate-limit-headers";
import { admitted, openedMeter, testCaller, testCatalog, testRing } from "./testing";

const NOON = Date.UTC(2026, 10, 21, 12);
const SECOND = 1_000;

function ledgerAt(startMs: number, models: Parameters<typeof testCatalog>[0] = {}) {
  const clock = { nowMs: startMs };
  const ledger = new UsageLedger(() => clock.nowMs);
  const catalog = testCatalog(models);
  ledger.follow(() => catalog);
  return { ledger, clock };
}

function refusal(work: () => unknown): AppError {
  try {
    work();
  } catch (error) {
    return error as AppError;
  }
  throw new Error("Nothing was refused.");
}

describe("requests a minute", () => {
  test("are refused above the limit, until exactly Retry-After has passed", () => {
    const { ledger, clock } = ledgerAt(NOON);
    const caller = testCaller({ requestsPerMinute: 4 });
    for (let index = 0; index < 4; index++) admitted(ledger, caller).close("complete");
    clock.nowMs += 20 * SECOND;
    const error = refusal(() => admitted(ledger, caller));
    expect(error.code).toBe("rate-limited");
    expect(error.message).toBe(
      "The limit of 4 requests a minute of this API key is reached. Try again in 55 s.",
    );
    // 40 s to the end of the minute, then a quarter of the next one.
    expect(error.retryAfterSeconds).toBe(55);
    clock.nowMs += 54 * SECOND;
    expect(refusal(() => admitted(ledger, caller)).retryAfterSeconds).toBe(1);
    clock.nowMs += 1 * SECOND;
    admitted(ledger, caller);
    expect(refusal(() => admitted(ledger, caller)).code).toBe("rate-limited");
  });

  test("of which refused ones are none and failed ones are", () => {
    const { ledger } = ledgerAt(NOON, { full: { limits: { concurrentRequests: 1 } } });
    const caller = testCaller({ requestsPerMinute: 3 });
    const other = admitted(ledger, testCaller({}), "full");
    for (let index = 0; index < 9; index++) {
      expect(refusal(() => admitted(ledger, caller, "full")).message).toContain(
        "The limit of 1 request at once of the model `full` over all callers",
      );
    }
    for (let index = 0; index < 3; index++) admitted(ledger, caller).close("worker-lost");
    expect(refusal(() => admitted(ledger, caller)).message).toContain("3 requests a minute");
    other.close("complete");
  });

  test("count a request once, whatever it asks for", () => {
    const { ledger } = ledgerAt(NOON, { m: { limits: { requestsPerMinute: 2 } } });
    const meter = admitted(ledger, testCaller({}));
    // Several answers to one request, and parts of a list.
    for (let index = 0; index < 8; index++) meter.admit("m");
    admitted(ledger, testCaller({}));
    expect(refusal(() => admitted(ledger, testCaller({}))).code).toBe("rate-limited");
  });
});

describe("requests at once", () => {
  test("hold their place until they are closed, once", () => {
    const { ledger } = ledgerAt(NOON);
    const caller = testCaller({ concurrentRequests: 2 });
    const [first] = [admitted(ledger, caller), admitted(ledger, caller)];
    expect(refusal(() => admitted(ledger, caller)).message).toBe(
      "The limit of 2 requests at once of this API key is reached. Try again when one of them has ended.",
    );
    first.close("complete");
    first.close("cancelled");
    admitted(ledger, caller);
    expect(refusal(() => admitted(ledger, caller)).retryAfterSeconds).toBe(1);
  });

  test("move with a request that goes on to another model", () => {
    const models = { a: { limits: { concurrentRequests: 1 } }, b: {} };
    const { ledger } = ledgerAt(NOON, models);
    const moved = admitted(ledger, testCaller({}), "a");
    expect(refusal(() => admitted(ledger, testCaller({}), "a")).code).toBe("rate-limited");
    moved.admit("b");
    admitted(ledger, testCaller({}), "a");
    moved.close("complete");
    expect(refusal(() => admitted(ledger, testCaller({}), "a")).code).toBe("rate-limited");
  });

  test("are asked for again by a request that comes back to a model", () => {
    const { ledger } = ledgerAt(NOON, { a: { limits: { concurrentRequests: 1 } }, b: {} });
    const first = admitted(ledger, testCaller({}), "a");
    first.admit("b");
    const second = admitted(ledger, testCaller({}), "a");
    expect(refusal(() => first.admit("a")).message).toContain("1 request at once of the model `a`");
    second.close("complete");
    first.admit("a");
    first.close("complete");
    for (const tally of ledger.readTallies()) expect(tally.running).toBe(0);
  });

  test("are held past the response by who says so", () => {
    const { ledger } = ledgerAt(NOON);
    const caller = testCaller({ concurrentRequests: 1 });
    const meter = admitted(ledger, caller);
    const end = meter.hold();
    meter.close("complete");
    expect(refusal(() => admitted(ledger, caller)).code).toBe("rate-limited");
    end("cancelled");
    expect(meter.outcome).toBe("cancelled");
    admitted(ledger, caller);
  });
});

describe("tokens", () => {
  test("a minute stop an answer under way and the requests after it", () => {
    const { ledger, clock } = ledgerAt(NOON);
    const caller = testCaller({ tokensPerMinute: 10 });
    const meter = admitted(ledger, caller);
    expect(meter.add({ prompt: 6 })).toBeUndefined();
    for (let index = 0; index < 4; index++) expect(meter.add({ completion: 1 })).toBeUndefined();
    const passed = meter.add({ completion: 1 });
    expect(passed?.code).toBe("rate-limited");
    meter.close("rate-limited");
    const { retryAfterSeconds = 0 } = refusal(() => admitted(ledger, caller));
    // 11 a minute ago are 9 in the window once 2 / 11 of the next minute have passed.
    expect(retryAfterSeconds).toBe(60 + Math.ceil((60 * 2) / 11));
    clock.nowMs += retryAfterSeconds * SECOND;
    admitted(ledger, caller);
  });

  test("a day begin anew at midnight UTC, those of a month with the month", () => {
    const { ledger, clock } = ledgerAt(Date.UTC(2026, 10, 30, 23, 59, 30));
    const caller = testCaller({ tokensPerDay: 100 });
    admitted(ledger, caller).add({ prompt: 100 });
    const error = refusal(() => admitted(ledger, caller));
    expect(error.code).toBe("quota-exceeded");
    expect(error.retryAfterSeconds).toBe(30);
    expect(error.message).toBe(
      "The budget of 100 tokens a day of this API key is used up. It begins anew on 2026-12-01 at 00:00 UTC.",
    );
    const monthly = testCaller({ tokensPerMonth: 1_000 });
    admitted(ledger, monthly).add({ completion: 1_000 });
    expect(refusal(() => admitted(ledger, monthly)).message).toContain("1,000 tokens a month");
    clock.nowMs += 30 * SECOND;
    admitted(ledger, caller);
    admitted(ledger, monthly);
  });

  test("count where they were used: at the key, at the key's model, at the model", () => {
    const { ledger } = ledgerAt(NOON, { m: { limits: { tokensPerDay: 50 } } });
    const caller = testCaller({ tokensPerDay: 40, models: { m: { tokensPerDay: 10 } } });
    admitted(ledger, caller).add({ prompt: 10 });
    expect(refusal(() => admitted(ledger, caller)).message).toContain(
      "this API key at the model `m`",
    );
    admitted(ledger, caller, "n").add({ prompt: 30 });
    expect(refusal(() => admitted(ledger, caller, "n")).message).toContain("of this API key is");
    const stranger = admitted(ledger, testCaller({}));
    expect(stranger.add({ prompt: 40 })).toBeUndefined();
    expect(stranger.add({ completion: 1 })?.message).toContain("the model `m` over all callers");
  });

  test("are held against a limit at the alias that was asked", () => {
    const { ledger } = ledgerAt(NOON);
    const caller = testCaller({ models: { alias: { requestsPerMinute: 1 } } });
    openedMeter(ledger, caller, "alias").admit("m", ["alias"]);
    const second = openedMeter(ledger, caller, "alias");
    expect(refusal(() => second.admit("m", ["alias"])).message).toContain("`alias`");
    openedMeter(ledger, caller).admit("m");
    // What a caller writes is a name and no property.
    openedMeter(ledger, caller).admit("__proto__", ["constructor"]);
  });
});

describe("money", () => {
  test("is whole nano-dollars at the price of the model, and less for what was in a cache", () => {
    const price = { prompt: 0.15, cachedPrompt: 0.075, completion: 0.6 };
    const { ledger } = ledgerAt(NOON, { m: { price } });
    const meter = admitted(ledger, testCaller({ dollarsPerDay: 1 }));
    meter.add({ prompt: 1_000 });
    expect(meter.costNanoDollars).toBe(150_000);
    meter.add({ completion: 10, cachedPrompt: 400 });
    expect(meter.costNanoDollars).toBe(150_000 + 6_000 - 400 * 75);
  });

  test("is what the model's worker says that it costs, unless its keeper says otherwise", () => {
    const told = { prompt: 2, completion: 4 };
    const models = {
      ...{ told: { told }, said: { told, price: { prompt: 1, completion: 1 } } },
      ...{ free: { told, price: { prompt: 0, completion: 0 } } },
    };
    const { ledger } = ledgerAt(NOON, models);
    const costs = Object.keys(models).map((model) => {
      const meter = admitted(ledger, testCaller({ dollarsPerDay: 1 }), model);
      meter.add({ prompt: 10, completion: 1 });
      return meter.costNanoDollars;
    });
    expect(costs).toEqual([24_000, 11_000, 0]);
    // A budget ends what only its worker has a price for.
    const poor = admitted(ledger, testCaller({ dollarsPerMonth: 0.000_01 }), "told");
    expect(poor.add({ completion: 100 })).toMatchObject({ code: "quota-exceeded" });
  });

  test("ends an answer when the budget is used up", () => {
    const price = { prompt: 0, completion: 1_000 };
    const { ledger } = ledgerAt(NOON, { m: { price }, free: {} });
    const caller = testCaller({ dollarsPerMonth: 0.005 });
    const meter = admitted(ledger, caller);
    for (let index = 0; index < 5; index++) expect(meter.add({ completion: 1 })).toBeUndefined();
    const passed = meter.add({ completion: 1 });
    expect(passed?.code).toBe("quota-exceeded");
    expect(passed?.message).toContain("budget of $0.005 a month");
    expect(refusal(() => admitted(ledger, caller)).code).toBe("quota-exceeded");
  });
});

describe("headers", () => {
  test("tell of the tightest limit, in OpenAI's words", () => {
    const { ledger, clock } = ledgerAt(NOON);
    const limits = { requestsPerMinute: 10, tokensPerMinute: 1_000, tokensPerDay: 900 };
    const caller = testCaller({ ...limits, models: { m: { requestsPerMinute: 5 } } });
    const meter = admitted(ledger, caller);
    meter.add({ prompt: 100 });
    clock.nowMs += 15 * SECOND;
    expect(ledger.headers(meter, "openai")).toEqual({
      "x-ratelimit-limit-requests": "5",
      "x-ratelimit-remaining-requests": "4",
      "x-ratelimit-reset-requests": "1m45s",
      "x-ratelimit-limit-tokens": "900",
      "x-ratelimit-remaining-tokens": "800",
      "x-ratelimit-reset-tokens": "11h59m45s",
    });
  });

  test("in Anthropic's, with moments", () => {
    const { ledger } = ledgerAt(NOON);
    const meter = admitted(ledger, testCaller({ requestsPerMinute: 2, tokensPerMinute: 9 }));
    expect(ledger.headers(meter, "anthropic")).toEqual({
      "anthropic-ratelimit-requests-limit": "2",
      "anthropic-ratelimit-requests-remaining": "1",
      "anthropic-ratelimit-requests-reset": "2026-11-21T12:02:00Z",
      "anthropic-ratelimit-tokens-limit": "9",
      "anthropic-ratelimit-tokens-remaining": "9",
      "anthropic-ratelimit-tokens-reset": "2026-11-21T12:00:00Z",
    });
  });

  test("are none where nothing is limited", () => {
    const { ledger } = ledgerAt(NOON);
    expect(ledger.headers(admitted(ledger, testCaller({})), "openai")).toEqual({});
  });

  test("say nothing of what a model was used by others", () => {
    const limits = { requestsPerMinute: 9, tokensPerMinute: 1_000, tokensPerDay: 1_000 };
    const { ledger } = ledgerAt(NOON, { m: { limits } });
    admitted(ledger, testCaller({})).add({ prompt: 400 });
    expect(ledger.headers(admitted(ledger, testCaller({})), "openai")).toEqual({});
    const limited = admitted(ledger, testCaller({ models: { m: { requestsPerMinute: 100 } } }));
    expect(ledger.headers(limited, "openai")).toEqual({
      "x-ratelimit-limit-requests": "100",
      "x-ratelimit-remaining-requests": "99",
      "x-ratelimit-reset-requests": "2m0s",
    });
  });

  test("durations are Go's", () => {
    expect(
      [0, 20, 999.2, 1_000, 1_500, 59_999, 60_000, 360_000, 86_400_000].map(toDuration),
    ).toEqual(["0ms", "20ms", "1s", "1s", "1.5s", "59.999s", "1m0s", "6m0s", "24h0m0s"]);
  });
});

describe("keys that change while their requests run", () => {
  test("revoked, gone or expired they end them, and only them", () => {
    const { ledger, clock } = ledgerAt(NOON);
    const [revoked, gone, good] = [testCaller({}), testCaller({}), testCaller({})];
    const meters = [revoked, gone, good].map((caller) => admitted(ledger, caller));
    const expiring = testCaller({});
    if (expiring.key) expiring.key.expiresAtMs = NOON + SECOND;
    const last = admitted(ledger, expiring);
    const visitor = admitted(ledger, { owner: "anonymous", key: undefined });
    const all = [revoked, gone, good, expiring].map((caller) => ({ caller }));
    ledger.review(testRing(...all));
    const isStopped = () => [...meters, last, visitor].map(({ signal }) => signal.aborted);
    expect(isStopped()).toEqual([false, false, false, false, false]);
    const ring = testRing(
      { caller: revoked, isRevoked: true },
      { caller: good },
      { caller: expiring },
    );
    ledger.review(ring);
    expect(isStopped()).toEqual([true, true, false, false, false]);
    clock.nowMs += SECOND;
    ledger.review(ring);
    expect(isStopped()).toEqual([true, true, false, true, false]);
    expect(meters[0]?.signal.reason).toMatchObject({
      code: "unauthenticated",
      message: "This API key was revoked. Ask whoever runs this server for another one.",
    });
    expect(last.signal.reason.message).toContain("expired at 2026-11-21T12:00:01.000Z");
    // Also where nobody listens to the signal.
    expect(meters[0]?.add({ completion: 1 })?.code).toBe("unauthenticated");
    expect(meters[2]?.add({ completion: 1 })).toBeUndefined();
  });

  test("lowered limits hold for what runs, from its first token on", () => {
    const { ledger } = ledgerAt(NOON);
    const caller = testCaller({});
    const meter = admitted(ledger, caller);
    meter.add({ prompt: 60 });
    ledger.review(testRing({ caller, limits: { tokensPerDay: 62, concurrentRequests: 1 } }));
    expect(meter.add({ completion: 2 })).toBeUndefined();
    expect(meter.add({ completion: 1 })?.code).toBe("quota-exceeded");
    const again = testCaller({ concurrentRequests: 1 }, caller.key?.id);
    expect(refusal(() => admitted(ledger, again)).message).toContain("1 request at once");
    meter.close("quota-exceeded");
    admitted(ledger, again).close("complete");
    for (const tally of ledger.readTallies()) expect(tally.running).toBe(0);
  });

  test("raised and taken away they give way", () => {
    const { ledger } = ledgerAt(NOON);
    const caller = testCaller({ tokensPerDay: 5, models: { m: { tokensPerDay: 5 } } });
    const meter = admitted(ledger, caller);
    meter.add({ prompt: 5 });
    ledger.review(testRing({ caller, limits: { tokensPerDay: 7 } }));
    expect(meter.add({ completion: 2 })).toBeUndefined();
    expect(meter.add({ completion: 1 })?.message).toContain("7 tokens a day");
    ledger.review(testRing({ caller, limits: {} }));
    expect(meter.add({ completion: 1 })).toBeUndefined();
    expect(ledger.headers(meter, "openai")).toEqual({});
    meter.close("complete");
  });

  test("limits of a model that were changed hold for what runs", () => {
    const clock = { nowMs: NOON };
    const ledger = new UsageLedger(() => clock.nowMs);
    let catalog = testCatalog({ m: {} });
    ledger.follow(() => catalog);
    const caller = testCaller({});
    const meter = admitted(ledger, caller);
    meter.add({ prompt: 10 });
    catalog = testCatalog({ m: { limits: { tokensPerDay: 10 } } });
    ledger.review(testRing({ caller }));
    expect(meter.add({ completion: 1 })?.message).toContain("the model `m` over all callers");
  });
});

test("a clock that steps back and a long pause leave nothing negative and nothing behind", () => {
  const { ledger, clock } = ledgerAt(NOON);
  const caller = testCaller({ requestsPerMinute: 2 });
  admitted(ledger, caller).close("complete");
  clock.nowMs -= 90 * SECOND;
  admitted(ledger, caller).close("complete");
  expect(refusal(() => admitted(ledger, caller)).code).toBe("rate-limited");
  clock.nowMs += 600 * SECOND;
  admitted(ledger, caller).close("complete");
  admitted(ledger, caller).close("complete");
  expect(refusal(() => admitted(ledger, caller)).code).toBe("rate-limited");
});

test("a clock that was set forward and back again holds nobody up for as long", () => {
  const { ledger, clock } = ledgerAt(NOON);
  const caller = testCaller({ requestsPerMinute: 2 });
  clock.nowMs += 3_600 * SECOND;
  admitted(ledger, caller).close("complete");
  admitted(ledger, caller).close("complete");
  clock.nowMs -= 3_600 * SECOND;
  admitted(ledger, caller).close("complete");
  clock.nowMs += 180 * SECOND;
  admitted(ledger, caller).close("complete");
  admitted(ledger, caller).close("complete");
  expect(refusal(() => admitted(ledger, caller)).retryAfterSeconds).toBeLessThan(120);
});

test("what is added after the end is charged to nobody", () => {
  const { ledger } = ledgerAt(NOON);
  const caller = testCaller({ tokensPerDay: 5 });
  const meter = admitted(ledger, caller);
  meter.close("cancelled");
  expect(meter.add({ completion: 9 })).toBeUndefined();
  expect(() => meter.admit("m")).not.toThrow();
  admitted(ledger, caller);
});

const SEED = Math.floor(Math.random() * 2 ** 31);
test(`a process by itself keeps every limit, whatever comes (seed ${SEED})`, () => {
  const random = seededRandom(SEED);
  const pick = (count: number) => Math.floor(random() * count);
  const { ledger, clock } = ledgerAt(Date.UTC(2026, 10, 21, 23, 50));
  const limits = { requestsPerMinute: 12, concurrentRequests: 4, tokensPerDay: 2_000 };
  const caller = testCaller(limits);
  const begun: number[] = [];
  let open: Meter[] = [];
  const perDay = new Map<number, number>();
  for (let step = 0; step < 4_000; step++) {
    clock.nowMs += pick(900);
    if (random() < 0.4) {
      try {
        open.push(admitted(ledger, caller));
        begun.push(clock.nowMs);
      } catch (error) {
        const { retryAfterSeconds = 0 } = error as AppError;
        expect(retryAfterSeconds).toBeGreaterThan(0);
      }
    }
    expect(open.length).toBeLessThanOrEqual(limits.concurrentRequests);
    while (begun[0] !== undefined && begun[0] <= clock.nowMs - 60_000) begun.shift();
    // Were all of the last minute's at its end, half of them could come again half a minute later.
    expect(begun.length).toBeLessThan(2 * limits.requestsPerMinute);
    const meter = open[pick(open.length)];
    if (meter === undefined) continue;
    const tokens = 1 + pick(10);
    const day = Math.floor(clock.nowMs / 86_400_000);
    const before = perDay.get(day) ?? 0;
    perDay.set(day, before + tokens);
    const passed = meter.add({ completion: tokens });
    // The token that passes the limit is the last one of its answer.
    expect(before).toBeLessThanOrEqual(limits.tokensPerDay + limits.concurrentRequests * 10);
    expect(passed !== undefined).toBe(before + tokens > limits.tokensPerDay);
    if (passed === undefined && random() > 0.2) continue;
    open = open.filter((it) => it !== meter);
    meter.close(passed?.code ?? "complete");
  }
  expect(perDay.size).toBe(2);
});
