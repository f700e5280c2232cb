import type { connect } from "@/lib/db/connect";

type Sql = ReturnType<typeof connect>;

/** Ids that are the same in every run. */
export const MODEL_COUNT = 200;
/** One visitor in this many has cast a hundredth of all votes. */
export const HEAVY_VOTER = "00000000-0000-4000-8000-00000000beef";

/** A UUID of a text that is one by its version, too. */
const idOf = (text: string) =>
  `overlay(overlay(md5(${text}) placing '4' from 13) placing '8' from 17)::uuid`;

/** Models of known strengths: 200 of them, spread over some 600 points. */
export async function seedModels(sql: Sql): Promise<void> {
  await sql.unsafe(`insert into models (id, name, description)
    select ${idOf("'model ' || n")}, 'bench/model-' || lpad(n::text, 3, '0'),
      '{"licence": "Apache-2.0", "organization": "Bench"}'::jsonb
    from generate_series(1, ${MODEL_COUNT}) as n on conflict do nothing`);
}

/** Votes number `from` to `to`, over 200 days and six languages, a hundredth of them one visitor's; the server makes them. */
export async function seedVotes(sql: Sql, from: number, to: number): Promise<void> {
  await sql.unsafe(`
    insert into ballots (id, voter, model_a_id, model_b_id, outcome, pair_probability, turn, counted, language, facts, created_at)
    select ${idOf("'ballot ' || n")},
      case when n % 100 = 0 then '${HEAVY_VOTER}'::uuid else ${idOf("'voter ' || n % 50021")} end,
      ${idOf("'model ' || a")}, ${idOf("'model ' || b")},
      case when u < 0.18 then 'tie' when u < 0.25 then 'both-bad'
        when v < 1 / (1 + power(10, (a - b) * 3.0 / 400)) then 'a' else 'b' end,
      0.0001, 1 + n % 3, true, (array['en','en','en','de','zh','ru','fr','es'])[1 + n % 8],
      jsonb_build_object('version', 2,
        'a', jsonb_build_object('tokens', 50 + n * 7 % 900, 'characters', 900, 'headers', n % 4,
          'lists', n % 9, 'bold', n % 6, 'codeBlocks', n % 2, 'isRefusal', n % 50 = 0),
        'b', jsonb_build_object('tokens', 50 + n * 11 % 900, 'characters', 900, 'headers', n % 3,
          'lists', n % 7, 'bold', n % 5, 'codeBlocks', n % 2, 'isRefusal', n % 60 = 0),
        'prompt', jsonb_build_object('characters', n % 4000, 'hasCode', n % 3 = 0, 'hasMath', n % 10 = 0,
          'tokens', n % 1000, 'isCoding', n % 3 = 0, 'isMath', n % 10 = 0, 'isCreative', n % 12 = 0,
          'isInstruction', n % 5 = 0, 'hardSignals', n % 128)),
      now() - make_interval(secs => n % 17280000)
    from (select n, a, case when b = a then 1 + b % ${MODEL_COUNT} else b end as b,
        abs(hashint8(n * 4 + 2)) / 2147483648.0 as u, abs(hashint8(n * 4 + 3)) / 2147483648.0 as v
      from (select n, 1 + abs(hashint8(n * 4)) % ${MODEL_COUNT} as a, 1 + abs(hashint8(n * 4 + 1)) % ${MODEL_COUNT} as b
        from generate_series(${from}::bigint, ${to}::bigint) as n) as drawn) as pairs`);
}
