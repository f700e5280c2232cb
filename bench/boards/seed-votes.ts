import type { connect } from "@/lib/db/connect";

type Sql = ReturnType<typeof connect>;

export const MODEL_COUNT = 200;
/** One visitor in this many has cast a hundredth of all votes. */
export const HEAVY_VOTER = "00000000-0000-4000-8000-00000000beef";
/** Different sets of numbers about answers and prompts, of which each vote has one. */
const FACTS_COUNT = 10_007;
/** Votes that are worth making the indexes anew for: below it a row in each costs less. */
const BULK_VOTES_MIN = 50_000;

/** A UUID of a number: the same in every run. */
const idOf = (place: string, kind: string) =>
  `('00000000-0000-4000-8${kind}-' || lpad(to_hex(${place}), 12, '0'))::uuid`;

/** Models of known strengths: 200 of them, spread over some 600 points. */
export async function seedModels(sql: Sql): Promise<void> {
  await sql.unsafe(`insert into models (id, name, description)
    select ${idOf("n", "0de")}, 'bench/model-' || lpad(n::text, 3, '0'),
      '{"licence": "Apache-2.0", "organization": "Bench"}'::jsonb
    from generate_series(1, ${MODEL_COUNT}) as n on conflict do nothing`);
}

/**
 * Votes number `from` to `to`, over 200 days and six languages, a hundredth of them one visitor's. The server makes
 * them: a million took seven minutes row by row as the platform writes them, most of it in arithmetic on decimals,
 * in `jsonb_build_object`, in checks of foreign keys and in indexes that are filled in random order. Here numbers are
 * floats, facts are drawn from a pool, and the indexes are made anew in the end.
 */
export async function seedVotes(sql: Sql, from: number, to: number): Promise<void> {
  await sql.begin(async (transaction) => {
    // The models are there, and nothing but foreign keys is checked by a trigger of an insert.
    await transaction.unsafe("set local session_replication_role = replica");
    await transaction.unsafe("set local synchronous_commit = off");
    await transaction.unsafe("set local maintenance_work_mem = '256MB'");
    const isBulk = to - from >= BULK_VOTES_MIN;
    const indexes = isBulk
      ? await transaction<{ name: string; definition: string }[]>`
          select indexname as name, indexdef as definition from pg_indexes
          where schemaname = 'public' and tablename = 'ballots' and indexname <> 'ballots_pkey'`
      : [];
    for (const { name } of indexes) await transaction.unsafe(`drop index "${name}"`);
    await transaction.unsafe(FACTS);
    await transaction.unsafe(toVotes(from, to));
    for (const { definition } of indexes) await transaction.unsafe(definition);
  });
}

/** Of coprime periods, so that no feature tells another. */
const FACTS = `
  create temp table bench_facts on commit drop as
  select n as place, jsonb_build_object('version', 2,
    'a', jsonb_build_object('tokens', 50 + n * 7 % 900, 'characters', 900, 'headers', n % 4,
      'lists', n % 9, 'bold', n % 6, 'codeBlocks', n % 2, 'isRefusal', n % 50 = 0),
    'b', jsonb_build_object('tokens', 50 + n * 11 % 900, 'characters', 900, 'headers', n % 3,
      'lists', n % 7, 'bold', n % 5, 'codeBlocks', n % 2, 'isRefusal', n % 60 = 0),
    'prompt', jsonb_build_object('characters', n % 4000, 'hasCode', n % 3 = 0, 'hasMath', n % 10 = 0,
      'tokens', n % 1000, 'isCoding', n % 3 = 0, 'isMath', n % 10 = 0, 'isCreative', n % 12 = 0,
      'isInstruction', n % 5 = 0, 'hardSignals', n % 128)) as facts
  from generate_series(0, ${FACTS_COUNT - 1}) as n`;

/** Ids begin with the moment of the vote, as the platform's own do. */
function toVotes(from: number, to: number): string {
  const id = `(lpad(to_hex(floor(extract(epoch from moment) * 1000)::bigint), 12, '0')
    || '7000' || '8' || lpad(to_hex(n & 1152921504606846975), 15, '0'))::uuid`;
  return `
    insert into ballots (id, voter, model_a_id, model_b_id, outcome, pair_probability, turn, counted, language, facts, created_at)
    select ${id},
      case when n % 100 = 0 then '${HEAVY_VOTER}'::uuid else ${idOf("abs(n) % 50021", "0f0")} end,
      ${idOf("a", "0de")}, ${idOf("b", "0de")},
      case when u < 0.18e0 then 'tie' when u < 0.25e0 then 'both-bad'
        when v < 1 / (1 + exp((a - b) * 0.01726e0)) then 'a' else 'b' end,
      0.0001, 1 + abs(n) % 3, true, (array['en','en','en','de','zh','ru','fr','es'])[1 + abs(n) % 8],
      facts, moment
    from (select n, a, case when b = a then 1 + b % ${MODEL_COUNT} else b end as b,
        hashint8(n * 4 + 2) / 4294967296e0 + 0.5e0 as u, hashint8(n * 4 + 3) / 4294967296e0 + 0.5e0 as v,
        now() - make_interval(secs => abs(n) * 17 % 17280000) as moment
      from (select n, 1 + abs(hashint8(n * 4) % ${MODEL_COUNT}) as a, 1 + abs(hashint8(n * 4 + 1) % ${MODEL_COUNT}) as b
        from generate_series(${from}::bigint, ${to}::bigint) as n) as drawn) as pairs
      join bench_facts on bench_facts.place = abs(pairs.n * 7919) % ${FACTS_COUNT}`;
}
