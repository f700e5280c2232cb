import type { ApiCaller } from "@/lib/auth/api-caller";
import type { Catalog, ModelSettings } from "@/lib/catalog/catalog";
import { AppError } from "@/lib/errors";
import { USAGE_SUBJECT_IDLE_MS } from "@/lib/limits";
import { LIMIT_NAMES, type Limits } from "@/lib/protocol/api-key";
import type { Price } from "@/lib/protocol/catalog";
import { assert } from "@/lib/util/assert";
import { processSingleton } from "@/lib/util/process-singleton";
import { toAmounts } from "./cost";
import { findPassed, findRefusal, type LimitedTally } from "./limit-check";
import type { Meter } from "./meter";
import { type RateLimitShape, toRateLimitHeaders } from "./rate-limit-headers";
import { RecordBook } from "./record-book";
import { keyModelSubject, keySubject, modelSubject, type Subject } from "./subject";
import { Tally } from "./tally";

/** What the ledger keeps of a request under way. */
type Account = {
  /** Over all models of the caller. */
  own: LimitedTally[];
  /** At the model that was admitted last. */
  atModel: LimitedTally[];
  /** Where the request was counted. */
  counted: Set<Tally>;
  /** The model asked for last, also where it was refused, and the names that led to it. */
  names: readonly string[];
  isAdmitted: boolean;
  price: Price | undefined;
  /** What of the meter was charged. */
  prompt: number;
  cachedPrompt: number;
  completion: number;
};

/**
 * Every request under way, held against the limits of its caller and models. All of it happens in memory;
 * usage/flusher.ts tells the database of it and hears what other processes used.
 */
export class UsageLedger {
  readonly records = new RecordBook();
  readonly now: () => number;
  #catalog: () => Catalog | undefined = () => undefined;
  #known: Catalog | undefined;
  readonly #accounts = new Map<Meter, Account>();
  readonly #tallies = new Map<Subject, Tally>();

  constructor(now: () => number = Date.now) {
    this.now = now;
  }

  /** @param catalog what operators said of models, as far as it is known without waiting. */
  follow(catalog: () => Catalog | undefined): void {
    this.#catalog = catalog;
    this.#refresh();
  }

  open(meter: Meter): void {
    if (meter.caller.key) this.records.touch(meter.caller.key.id);
    this.#accounts.set(meter, {
      ...{ own: [], atModel: [], counted: new Set(), names: [], isAdmitted: false },
      ...{ price: undefined, prompt: 0, cachedPrompt: 0, completion: 0 },
    });
  }

  /**
   * Takes a place within the caller's limits over all models.
   *
   * @throws AppError `rate-limited` or `quota-exceeded`
   */
  begin(meter: Meter): void {
    const account = this.#accounts.get(meter);
    if (account === undefined) return;
    if (account.own.length === 0) account.own = this.#take(account, this.#ownScope(meter));
    this.records.begin(meter);
  }

  /** @throws AppError `forbidden`, `rate-limited` or `quota-exceeded` */
  admit(meter: Meter, model: string, names: readonly string[]): void {
    checkAllowed(meter, model, names);
    const account = this.#accounts.get(meter);
    // Closed: its reader left, and nothing that still runs for it is charged to anyone.
    if (account === undefined) return;
    if (account.isAdmitted && account.names[0] === model) return;
    const before = account.names;
    account.names = [...new Set([model, ...names])];
    this.begin(meter);
    try {
      const taken = this.#take(account, this.#modelScopes(meter, account.names));
      leave(account.atModel);
      account.atModel = taken;
      account.isAdmitted = true;
      account.price = this.#settings(model)?.price;
    } catch (refusal) {
      if (account.isAdmitted) account.names = before;
      else this.#undoBegin(meter, account);
      throw refusal;
    }
  }

  /** @returns the limit that was passed. */
  charge(meter: Meter): AppError | undefined {
    const account = this.#accounts.get(meter);
    if (account === undefined) return undefined;
    const { own, atModel, price } = account;
    const tokens = {
      prompt: meter.promptTokens - account.prompt,
      cachedPrompt: meter.cachedPromptTokens - account.cachedPrompt,
      completion: meter.completionTokens - account.completion,
    };
    const amounts = toAmounts(tokens, price);
    account.prompt = meter.promptTokens;
    account.cachedPrompt = meter.cachedPromptTokens;
    account.completion = meter.completionTokens;
    meter.costNanoDollars += amounts.costNanoDollars;
    if (own.length === 0 && atModel.length === 0) return undefined;
    const nowMs = this.now();
    for (const { tally } of own) tally.add(amounts, nowMs);
    for (const { tally } of atModel) tally.add(amounts, nowMs);
    return findPassed(own, nowMs) ?? findPassed(atModel, nowMs);
  }

  close(meter: Meter): void {
    const account = this.#accounts.get(meter);
    if (account === undefined) return;
    this.#accounts.delete(meter);
    leave(account.own);
    leave(account.atModel);
    this.records.end(meter);
  }

  /** The request of that id, while it runs and until its record is written. */
  find(by: { id: string } | { requestId: string }): Meter | undefined {
    const isIt = (meter: Meter) =>
      "id" in by ? meter.id === by.id : meter.requestId === by.requestId;
    return this.readOpen().find(isIt) ?? this.records.readEnded().find(isIt);
  }

  /** Requests that were opened and not closed. */
  readOpen(): Meter[] {
    return [...this.#accounts.keys()];
  }

  /**
   * The rate-limit headers of the API that the caller speaks; none where the caller's own key is not limited.
   * What is left of a model over all callers is not told: it says what others ask, and during a blind
   * battle which two models answer.
   */
  headers(meter: Meter, shape: RateLimitShape): Record<string, string> {
    const names = this.#accounts.get(meter)?.names ?? [];
    const limited = [...this.#ownScope(meter), ...this.#keyModelScopes(meter, names)];
    if (limited.length === 0) return {};
    const nowMs = this.now();
    for (const { tally } of limited) tally.roll(nowMs);
    return toRateLimitHeaders(limited, { shape, nowMs });
  }

  /** Whether all is read that a caller's requests are held against; what is not is named to the next flush. */
  isReadFor({ key }: ApiCaller): boolean {
    let isRead = this.#catalog() !== undefined;
    if (key === undefined) return isRead;
    const read = (subject: Subject) => {
      const tally = this.#tally(subject);
      tally.usedAtMs = this.now();
      if (!tally.isLoaded) isRead = false;
    };
    if (isLimited(key.limits)) read(keySubject(key.id));
    for (const model of Object.keys(key.limits.models ?? {})) read(keyModelSubject(key.id, model));
    return isRead;
  }

  /** Takes notice of what operators say, and of models that are limited from now on. */
  #refresh(): void {
    const catalog = this.#catalog();
    if (catalog === this.#known || catalog === undefined) return;
    this.#known = catalog;
    for (const { model, limits } of catalog.settings.values()) {
      if (isLimited(limits)) this.#tally(modelSubject(model));
    }
  }

  /** All tallies in use; those that nobody asked for lately are forgotten, once they are written. */
  readTallies(): Tally[] {
    const nowMs = this.now();
    for (const [subject, tally] of this.#tallies) {
      tally.roll(nowMs);
      tally.forgetWritten();
      const isIdle = nowMs - tally.usedAtMs > USAGE_SUBJECT_IDLE_MS;
      if (isIdle && tally.isFlushed && !this.#isKept(subject)) this.#tallies.delete(subject);
    }
    return [...this.#tallies.values()];
  }

  /** Pages name models without their requests waiting for anything, so limited models are always known. */
  #isKept(subject: Subject): boolean {
    for (const { model, limits } of this.#known?.settings.values() ?? []) {
      if (modelSubject(model) === subject) return isLimited(limits);
    }
    return false;
  }

  #tally(subject: Subject): Tally {
    const existing = this.#tallies.get(subject);
    if (existing) return existing;
    const tally = new Tally(subject, this.now());
    this.#tallies.set(subject, tally);
    return tally;
  }

  #settings(model: string): ModelSettings | undefined {
    this.#refresh();
    return this.#known?.settings.get(model);
  }

  #ownScope({ caller: { key } }: Meter): LimitedTally[] {
    if (key === undefined || !isLimited(key.limits)) return [];
    return [{ tally: this.#tally(keySubject(key.id)), limits: key.limits }];
  }

  /** The caller's key at single models. */
  #keyModelScopes({ caller: { key } }: Meter, names: readonly string[]): LimitedTally[] {
    const perModel = key?.limits.models;
    if (key === undefined || perModel === undefined) return [];
    // A key may be limited at an alias as at a model. Names are a caller's word, hence own properties.
    return names.flatMap((name) => {
      const limits = Object.hasOwn(perModel, name) ? perModel[name] : undefined;
      if (limits === undefined || !isLimited(limits)) return [];
      return [{ tally: this.#tally(keyModelSubject(key.id, name)), limits }];
    });
  }

  /** @param names of which the first is the model's. */
  #modelScopes(meter: Meter, names: readonly string[]): LimitedTally[] {
    const [model] = names;
    if (model === undefined) return [];
    const scopes = this.#keyModelScopes(meter, names);
    const limits = this.#settings(model)?.limits;
    if (limits === undefined || !isLimited(limits)) return scopes;
    return [...scopes, { tally: this.#tally(modelSubject(model)), limits }];
  }

  /** Takes a place in each, or in none. */
  #take(account: Account, limited: LimitedTally[]): LimitedTally[] {
    if (limited.length === 0) return limited;
    const nowMs = this.now();
    for (const { tally } of limited) {
      tally.roll(nowMs);
      // Also where it is refused: what the other processes use is read again from here on.
      tally.usedAtMs = nowMs;
    }
    const refusal = findRefusal(
      limited.filter(({ tally }) => !account.counted.has(tally)),
      nowMs,
    );
    if (refusal) throw refusal;
    for (const { tally } of limited) {
      tally.running += 1;
      if (account.counted.has(tally)) continue;
      account.counted.add(tally);
      tally.add({ requests: 1 }, nowMs);
    }
    return limited;
  }

  /** Refused before any work was done: that uses up no request. */
  #undoBegin(meter: Meter, account: Account): void {
    const nowMs = this.now();
    leave(account.own);
    for (const { tally } of account.own) {
      tally.add({ requests: -1 }, nowMs);
      account.counted.delete(tally);
    }
    account.own = [];
    this.records.undoBegin(meter);
  }
}

function leave(limited: readonly LimitedTally[]): void {
  for (const { tally } of limited) {
    tally.running -= 1;
    assert(tally.running >= 0, "a place is left once");
  }
}

function isLimited(limits: Limits): boolean {
  return LIMIT_NAMES.some((name) => limits[name] !== undefined);
}

function checkAllowed({ caller: { key } }: Meter, model: string, names: readonly string[]): void {
  const allowed = key?.models;
  if (allowed === undefined || [model, ...names].some((it) => allowed.includes(it))) return;
  throw new AppError("forbidden", {
    message: `This API key may not use the model \`${model}\`. It may use: ${allowed.join(", ")}.`,
    param: "model",
  });
}

/** The ledger of this process; usage/flusher.ts keeps it in step with the others. */
export function usageLedger(): UsageLedger {
  return processSingleton("usage-ledger", () => new UsageLedger());
}
