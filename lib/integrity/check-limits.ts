import { catalog } from "@/lib/catalog/catalog";
import { type Prices, priceOf } from "@/lib/catalog/price-of";
import type { Database } from "@/lib/db/client";
import { AppError } from "@/lib/errors";
import type { ArenaSettings, IntegrityRules } from "@/lib/protocol/arena-settings";
import { readOut } from "./ballot-store";
import {
  blindCallOf,
  callOf,
  type Exceeded,
  networkSubject,
  readExceeded,
  type TallyAsk,
  takeTallies,
  visitorSubject,
} from "./tally";

/** Whose limits: a visitor's, where one is known, and those of the network they come from. */
export type Asker = { visitorId: string | undefined; network: string | undefined };
export type LimitContext = {
  db: Database;
  rules: Pick<ArenaSettings, "integrity" | "calls">;
  /** What operators said of models; this process's copy unless given. */
  models?: Prices;
};

/**
 * Counts a turn against the limits of its visitor and network: a turn of a battle, and a call of each named
 * model that is limited. Turns of battles count whether they are the first or not, since each of them may
 * cost money and no refusal may say which models fight.
 *
 * @param models that will answer and whose names the visitor knows; of a blind battle none.
 * @throws AppError `rate-limited` (an hour's) or `quota-exceeded` (a day's), with when it ends.
 */
export async function checkLimits(
  context: LimitContext,
  ask: Asker & { isBattle: boolean; models: readonly string[] },
): Promise<void> {
  const { integrity } = context.rules;
  const battle = ask.isBattle
    ? toAsks(ask, "battle", {
        visitor: {
          perHour: integrity.battlesPerVisitorAndHour,
          perDay: integrity.battlesPerVisitorAndDay,
        },
        network: {
          perHour: integrity.battlesPerNetworkAndHour,
          perDay: integrity.battlesPerNetworkAndDay,
        },
      })
    : [];
  const calls = await toCalls(context, ask, callOf);
  const [exceeded] = await takeTallies(context.db, [...battle.filter(isLimited), ...calls]);
  if (exceeded) throw refuse(exceeded);
}

/**
 * Counts calls of models whose names are not told yet: those of a blind battle, which refuses nobody by side.
 * They are counted apart from calls by name: in one sum, whoever has one call left of each model and asks
 * each by name would learn from the refusals which two are fighting.
 */
export async function countBlindCalls(
  context: LimitContext,
  ask: Asker & { models: readonly string[] },
): Promise<void> {
  await takeTallies(context.db, await toCalls(context, ask, blindCallOf), { isAlways: true });
}

/**
 * Those of `models` that battles are drawn without: battles of who asks have called them as often as they may
 * for now, an operator has withdrawn them, or they are retired. Calls by name leave nobody out: who used up all but two would know
 * the pair.
 */
export async function findUndrawable(
  context: LimitContext,
  ask: Asker & { models: readonly string[] },
): Promise<ReadonlySet<string>> {
  const [exceeded, out] = await Promise.all([
    readExceeded(context.db, await toCalls(context, ask, blindCallOf)),
    readOut(context.db),
  ]);
  return new Set([...exceeded.map(({ what }) => what.slice(blindCallOf("").length)), ...out]);
}

/**
 * Holds a battle before its vote to the turns it may have, whichever models fight: neither of them can be refused by
 * its own limits there, and both may cost money.
 *
 * @param turns it has had, new answers to a prompt counted as turns
 * @throws AppError `conflict`
 */
export function checkBlindTurns(
  { blindTurnsPerBattleMax: most }: Pick<IntegrityRules, "blindTurnsPerBattleMax">,
  turns: number,
): void {
  if (most === 0 || turns < most) return;
  const many = most === 1 ? "the one turn" : `the ${most.toLocaleString("en-US")} turns`;
  throw new AppError("conflict", {
    message: `This battle has had ${many} that it may have before the vote. Vote, and then go on, or start another battle.`,
  });
}

/** Why no battle can be drawn where `findUndrawable` leaves fewer than two models. */
export function refuseBattle(): AppError {
  return new AppError("quota-exceeded", {
    message:
      "Fewer than two models are left for a battle: visitors may ask only so much of models that cost money. Try again in an hour.",
    retryAfterSeconds: 3_600,
  });
}

async function toCalls(
  { rules, models: given }: LimitContext,
  ask: Asker & { models: readonly string[] },
  whatOf: (model: string) => string,
): Promise<TallyAsk[]> {
  const { models } = ask;
  if (models.length === 0) return [];
  const known = given ?? catalog().peek() ?? (await catalog().get());
  const { calls } = rules;
  return [...new Set(models)].flatMap((model) => {
    const own = calls.models.find((it) => it.model === model);
    const rule = own ?? (priceOf(known, model) === undefined ? undefined : calls.priced);
    if (rule === undefined) return [];
    return toAsks(ask, whatOf(model), {
      visitor: { perHour: rule.perVisitorAndHour, perDay: rule.perVisitorAndDay },
      network: { perHour: rule.perNetworkAndHour, perDay: rule.perNetworkAndDay },
    }).filter(isLimited);
  });
}

type Most = { perHour?: number; perDay?: number };

export function toAsks(
  { visitorId, network }: Asker,
  what: string,
  most: { visitor: Most; network: Most },
): TallyAsk[] {
  return [
    ...(visitorId === undefined
      ? []
      : [{ subject: visitorSubject(visitorId), what, ...most.visitor }]),
    ...(network === undefined ? [] : [{ subject: networkSubject(network), what, ...most.network }]),
  ];
}

const isLimited = ({ perHour = 0, perDay = 0 }: TallyAsk) => perHour + perDay > 0;

function refuse({ subject, what, period, most, waitSeconds }: Exceeded): AppError {
  const isOwn = subject.startsWith("visitor:");
  const who = isOwn ? "You have" : "Your network has";
  const model = what.startsWith(callOf("")) ? what.slice(callOf("").length) : undefined;
  const times = most === 1 ? "once" : `${most.toLocaleString("en-US")} times`;
  const turns = most === 1 ? "1 turn" : `${most.toLocaleString("en-US")} turns`;
  const done = model === undefined ? `asked ${turns} of battles` : `asked \`${model}\` ${times}`;
  const other = model === undefined ? "" : ", or choose another model";
  return new AppError(period === "day" ? "quota-exceeded" : "rate-limited", {
    message: `${who} ${done} this ${period}, which is what visitors may. Try again ${describeWait(waitSeconds)}${other}.`,
    retryAfterSeconds: waitSeconds,
  });
}

function describeWait(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  if (minutes <= 1) return "in a minute";
  return minutes < 100 ? `in ${minutes} minutes` : `in ${Math.ceil(minutes / 60)} hours`;
}
