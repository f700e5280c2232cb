import { type ApiCaller, type ApiKey, MIRROR_CALLER, type Owner } from "@/lib/auth/api-caller";
import type { KeyRing } from "@/lib/auth/key-ring";
import { refuseKey } from "@/lib/auth/refuse-key";
import type { Catalog, ModelSettings } from "@/lib/catalog/catalog";
import { priceOf } from "@/lib/catalog/price-of";
import type { AppError } from "@/lib/errors";
import { USAGE_SUBJECT_IDLE_MS } from "@/lib/limits";
import type { Price } from "@/lib/protocol/catalog";
import { assert } from "@/lib/util/assert";
import { processSingleton } from "@/lib/util/process-singleton";
import { Roster, type RosterMember } from "@/lib/util/roster";
import { checkAllowed } from "./check-allowed";
import { toAmounts } from "./cost";
import { findPassed, findRefusal, type LimitedTally } from "./limit-check";
import { isLimited, limitedSubjects, limitsAt } from "./limited-subjects";
import type { Meter } from "./meter";
import { type RateLimitShape, toRateLimitHeaders } from "./rate-limit-headers";
import { RecordBook } from "./record-book";
import { modelSubject, type Subject, toSubjectParts } from "./subject";
import { Tally } from "./tally";

/** What the ledger keeps of a request under way. */
export type Account = RosterMember & {
  meter: Meter;
  /** As it was last reviewed. */
  key: ApiKey | undefined;
  catalog: Catalog | undefined;
  hasBegun: boolean;
  /** A copy of a request, which no limit is held against: it would use up what callers may. */
  isMirror: boolean;
  /** Over all models of the caller. */
  own: readonly LimitedTally[];
  /** At the model that was admitted last. */
  atModel: readonly LimitedTally[];
  /** Where the request was counted: a handful at most. */
  counted: Tally[];
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
  #ring: KeyRing | undefined;
  readonly #accounts = new Roster<Account>();
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
    const { key } = meter.caller;
    if (key) this.records.touch(key.id);
    this.#refresh();
    meter.account = {
      meter,
      rosterAt: -1,
      key,
      catalog: this.#known,
      hasBegun: false,
      isMirror: meter.caller.owner === MIRROR_CALLER.owner,
      own: NONE,
      atModel: NONE,
      counted: [],
      names: NO_NAMES,
      isAdmitted: false,
      price: undefined,
      prompt: 0,
      cachedPrompt: 0,
      completion: 0,
    };
    this.#accounts.add(meter.account);
  }

  /**
   * Takes a place within the caller's limits over all models.
   *
   * @throws AppError `rate-limited` or `quota-exceeded`
   */
  begin(meter: Meter): void {
    const { account } = meter;
    if (account === undefined) return;
    if (!account.hasBegun) account.own = this.#take(account, this.#ownScope(account));
    account.hasBegun = true;
    this.records.begin(meter);
  }

  /** @throws AppError `forbidden`, `rate-limited` or `quota-exceeded` */
  admit(meter: Meter, model: string, names: readonly string[]): void {
    checkAllowed(meter, model, names);
    const { account } = meter;
    // Closed: its reader left, and nothing that still runs for it is charged to anyone.
    if (account === undefined) return;
    if (account.isAdmitted && account.names[0] === model) return;
    const before = account.names;
    account.names = toNames(model, names);
    this.begin(meter);
    try {
      const taken = this.#take(account, this.#modelScopes(account));
      leave(account.atModel);
      account.atModel = taken;
      account.isAdmitted = true;
      account.price = this.#priceOf(model);
    } catch (refusal) {
      if (account.isAdmitted) account.names = before;
      else this.#undoBegin(meter, account);
      throw refusal;
    }
  }

  /** @returns the limit that was passed. */
  charge(meter: Meter): AppError | undefined {
    const { account } = meter;
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
    const { account } = meter;
    if (account === undefined) return;
    meter.account = undefined;
    this.#accounts.delete(account);
    leave(account.own);
    leave(account.atModel);
    this.records.end(meter);
  }

  /**
   * Holds the requests under way to what is known now: whose key was revoked or has expired ends, and limits
   * that were changed count from here on.
   *
   * @param ring all keys, as they were read last
   */
  review(ring: KeyRing): void {
    this.#ring = ring;
    this.#refresh();
    const nowMs = this.now();
    for (const account of this.#accounts.members()) {
      const { meter } = account;
      if (meter.isStopped) continue;
      const { key } = account;
      const finding = key && ring.findById(key.id, nowMs);
      if (finding?.state === "live") account.key = finding.key;
      // One that only a newer version can read goes on as it was let in.
      else if (finding !== undefined && finding.state !== "unreadable") {
        const refusal = refuseKey(finding);
        if (refusal) meter.stop(refusal);
        continue;
      }
      if (account.key === key && account.catalog === this.#known) continue;
      account.catalog = this.#known;
      this.#rescope(meter, account);
    }
  }

  /** Moves a request from the limits that it was admitted by to those of now. */
  #rescope(meter: Meter, account: Account): void {
    const own = account.hasBegun ? this.#ownScope(account) : [];
    const atModel = account.isAdmitted ? this.#modelScopes(account) : [];
    const { costNanoDollars } = meter;
    const soFar = { tokens: account.prompt + account.completion, costNanoDollars };
    for (const { tally } of [...own, ...atModel]) {
      tally.running += 1;
      if (account.counted.includes(tally)) continue;
      account.counted.push(tally);
      tally.add({ requests: 1, ...soFar }, this.now());
    }
    leave(account.own);
    leave(account.atModel);
    account.own = own;
    account.atModel = atModel;
  }

  /**
   * The request of that id, while it runs and until its record is written.
   *
   * @param owner whose it must be: request ids are callers' own words, and two may say the same.
   */
  find(by: { id: string } | { requestId: string }, owner?: Owner): Meter | undefined {
    const isIt = (meter: Meter) =>
      (owner === undefined || meter.caller.owner === owner) &&
      ("id" in by ? meter.id === by.id : meter.requestId === by.requestId);
    return this.readOpen().find(isIt) ?? this.records.readEnded().find(isIt);
  }

  /** Whether any request is under way. */
  get isBusy(): boolean {
    return this.#accounts.size > 0;
  }

  /** Requests that were opened and not closed. */
  readOpen(): Meter[] {
    return this.#accounts.members().map(({ meter }) => meter);
  }

  /**
   * The rate-limit headers of the API that the caller speaks; none where the caller's own key is not limited.
   * What is left of a model over all callers is not told: it says what others ask, and during a blind
   * battle which two models answer.
   */
  headers(meter: Meter, shape: RateLimitShape): Record<string, string> {
    const { key } = meter.caller;
    const account = meter.account ?? { key, names: NO_NAMES };
    const own = this.#ownScope(account);
    const atModel = this.#keyModelScopes(account);
    const limited = atModel.length === 0 ? own : own.concat(atModel);
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
    const { own, models } = limitedSubjects(key);
    if (own !== undefined) read(own);
    for (const subject of models.values()) read(subject);
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

  /**
   * All tallies in use. Those that nobody asked for lately, and those that limit nobody any more, are
   * forgotten once they are written: what is used without a limit is not counted here, so a limit that comes
   * again must be read again.
   */
  readTallies(): Tally[] {
    this.#refresh();
    const nowMs = this.now();
    for (const [subject, tally] of this.#tallies) {
      tally.roll(nowMs);
      tally.forgetWritten();
      const { isLimiting, isKept } = this.#judge(subject);
      const isOver = !isLimiting || nowMs - tally.usedAtMs > USAGE_SUBJECT_IDLE_MS;
      if (isOver && !isKept && tally.isFlushed) this.#tallies.delete(subject);
    }
    return [...this.#tallies.values()];
  }

  #judge(subject: Subject): { isLimiting: boolean; isKept: boolean } {
    const { keyId, model } = toSubjectParts(subject);
    if (keyId === undefined) {
      const limits = this.#known?.settings.get(model ?? "")?.limits;
      const isLimiting = limits !== undefined && isLimited(limits);
      // Pages name models without their requests waiting for anything, so limited models are always known.
      return { isLimiting, isKept: isLimiting };
    }
    const finding = this.#ring?.findById(keyId, this.now());
    if (finding?.state !== "live") return { isLimiting: true, isKept: false };
    const { key } = finding;
    const isLimiting =
      model === undefined ? isLimited(key.limits) : limitsAt(key, model) !== undefined;
    return { isLimiting, isKept: false };
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

  #priceOf(model: string): Price | undefined {
    this.#refresh();
    return this.#known && priceOf(this.#known, model);
  }

  #ownScope({ key }: Pick<Account, "key">): readonly LimitedTally[] {
    if (key === undefined) return NONE;
    const { own } = limitedSubjects(key);
    return own === undefined ? NONE : [{ tally: this.#tally(own), limits: key.limits }];
  }

  /** The caller's key at single models. */
  #keyModelScopes({ key, names }: Pick<Account, "key" | "names">): readonly LimitedTally[] {
    if (key === undefined) return NONE;
    const { models } = limitedSubjects(key);
    if (models.size === 0) return NONE;
    const scopes: LimitedTally[] = [];
    for (const name of names) {
      const subject = models.get(name);
      const limits = subject && key.limits.models?.[name];
      if (limits && isLimited(limits)) scopes.push({ tally: this.#tally(subject), limits });
    }
    return scopes;
  }

  #modelScopes(account: Account): readonly LimitedTally[] {
    const [model] = account.names;
    if (model === undefined || account.isMirror) return NONE;
    const scopes = this.#keyModelScopes(account);
    const limits = this.#settings(model)?.limits;
    if (limits === undefined || !isLimited(limits)) return scopes;
    return [...scopes, { tally: this.#tally(modelSubject(model)), limits }];
  }

  /** Takes a place in each, or in none. */
  #take(account: Account, limited: readonly LimitedTally[]): readonly LimitedTally[] {
    if (limited.length === 0) return limited;
    const nowMs = this.now();
    for (const { tally } of limited) {
      tally.roll(nowMs);
      // Also where it is refused: what the other processes use is read again from here on.
      tally.usedAtMs = nowMs;
    }
    const refusal = findRefusal(toAsked(account, limited), nowMs);
    if (refusal) throw refusal;
    for (const { tally } of limited) {
      tally.running += 1;
      if (account.counted.includes(tally)) continue;
      account.counted.push(tally);
      tally.add(ONE_REQUEST, nowMs);
    }
    return limited;
  }

  /** Refused before any work was done: that uses up no request. */
  #undoBegin(meter: Meter, account: Account): void {
    const nowMs = this.now();
    leave(account.own);
    for (const { tally } of account.own) {
      tally.add({ requests: -1 }, nowMs);
      account.counted = account.counted.filter((it) => it !== tally);
    }
    account.own = NONE;
    account.hasBegun = false;
    this.records.undoBegin(meter);
  }
}

function leave(limited: readonly LimitedTally[]): void {
  for (const { tally } of limited) {
    tally.running -= 1;
    assert(tally.running >= 0, "a place is left once");
  }
}

const NONE: readonly LimitedTally[] = [];
const NO_NAMES: readonly string[] = [];
const ONE_REQUEST = { requests: 1 } as const;

/** The model and what led to it, each once. */
function toNames(model: string, names: readonly string[]): readonly string[] {
  return names.length === 1 && names[0] === model ? names : [...new Set([model, ...names])];
}

/** What a place is asked of: where the request was not counted before. */
function toAsked(
  { counted, own, atModel }: Account,
  limited: readonly LimitedTally[],
): readonly LimitedTally[] {
  if (counted.length === 0 || !limited.some(({ tally }) => counted.includes(tally))) return limited;
  const held = new Set([...own, ...atModel].map(({ tally }) => tally));
  return limited.flatMap((it) => {
    if (!counted.includes(it.tally)) return [it];
    if (held.has(it.tally)) return [];
    // Counted before and left since: it asks for a place alone.
    const { concurrentRequests } = it.limits;
    return concurrentRequests === undefined ? [] : [{ ...it, limits: { concurrentRequests } }];
  });
}

/** The ledger of this process; usage/flusher.ts keeps it in step with the others. */
export function usageLedger(): UsageLedger {
  return processSingleton("usage-ledger", () => new UsageLedger());
}
