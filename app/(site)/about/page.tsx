import type { Metadata } from "next";
import Link from "next/link";
import type { ReactNode } from "react";
import { arena } from "@/lib/arena/arena";
import { paths } from "@/lib/paths";
import { DEFAULT_ARENA_SETTINGS } from "@/lib/protocol/arena-settings";
import { log } from "@/lib/telemetry/log";

export const dynamic = "force-dynamic";

export const metadata: Metadata = {
  title: "About",
  description: "What Parley is, how votes become ratings, and what is kept.",
};

export default async function AboutPage() {
  const { integrity, pace, terms } = await readRules();
  return (
    <main id="main" className="mx-auto w-full max-w-[1264px] flex-1 px-4 pt-12 pb-18 sm:px-8">
      <h1 className="font-display text-2xl tracking-tight">About</h1>
      <p className="mt-4 max-w-[68ch] text-ink-soft">
        Parley compares language models by what people prefer. You ask, two models answer, and you
        say which answer is better.
      </p>
      <div className="mt-10 max-w-[68ch] space-y-10">
        <Section title="What one can do here">
          <p>
            In a <Go to={paths.battle}>battle</Go> two models answer you and neither has a name
            until you have voted.{" "}
            {pace.isFair &&
              "Both appear at the pace of the slower one, so that speed decides nothing. "}
            You may vote after any turn, and go on talking once the names are known.
          </p>
          <p>
            To <Go to={paths.compare}>compare</Go>, you choose the two models yourself. To{" "}
            <Go to={paths.chat}>chat</Go>, you choose one. What you ask in the three stays in your{" "}
            <Go to={paths.history}>history</Go>.
          </p>
        </Section>
        <Section title="How votes become ratings">
          <p>
            Only the first vote of a battle can count, since it is the one that was cast blind.
            Votes on models whose names were known are kept and never rated.
          </p>
          <p>
            From all votes that count a Bradley–Terry model computes one score for each model: the
            further two scores are apart, the more often the higher one wins, and 400 points are
            odds of ten to one. The <Go to={paths.leaderboard}>leaderboard</Go> shows each score
            with the interval within which it lies nineteen times out of twenty, and the places that
            the intervals allow. A model that is rated on few votes is marked as preliminary, and
            one that no chain of wins and losses ties to the others has no score.
          </p>
          <p>
            Each category, language and period has a board of its own, from its own votes. With
            style control the same fit learns what length, headings, lists and bold words do to
            votes, and takes it out. Boards follow new votes by themselves; a published one stays as
            it is, names the hash of its votes and the version of the code, and anyone can compute
            it again from the files that stand beside it.
          </p>
          <p>
            A vote does not count when it came sooner than both answers could be read
            {integrity.readSecondsMin > 0 && ` (${integrity.readSecondsMin} seconds at least)`},
            when an answer told which model wrote it, when a visitor or a network has voted beyond
            the limits, or when the same question has been voted on very often. You are told so
            after your vote.
          </p>
        </Section>
        <Section title="What is kept">
          <p>
            A signed cookie ties your conversations to this browser; there is no account. Kept are
            what you asked, what was answered, your votes and their reasons, and the times. Of the
            network that you come from a keyed hash is kept, by which votes are limited, and not the
            address itself.
          </p>
          <p>
            You can rename, export and delete your conversations in your{" "}
            <Go to={paths.history}>history</Go>. A deleted conversation is gone. Of a blind vote its
            outcome stays, without a text and without you, because ratings were computed from it.
          </p>
          <p>
            Of each vote that counts everybody may have, once its day has ended: the two models, the
            outcome, the day, the turn, the categories of the question and its language, where five
            people or more voted in it on that day, how likely the pair was drawn, and how long and
            how marked up the answers were. Nobody gets who voted, the hour, or a word of what was
            asked and answered.
          </p>
        </Section>
        {terms.version !== "" && (
          <Section title="The terms">
            <p className="whitespace-pre-wrap">{terms.text}</p>
          </Section>
        )}
        <Section title="For programs">
          <p>
            The same models answer at an address that OpenAI's and Anthropic's clients understand:
            see the <Go to={paths.developers}>API</Go>.
          </p>
        </Section>
      </div>
    </main>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="space-y-3">
      <h2 className="font-display text-lg">{title}</h2>
      {children}
    </section>
  );
}

function Go({ to, children }: { to: string; children: ReactNode }) {
  return (
    <Link
      href={to}
      prefetch={false}
      className="text-accent underline decoration-1 underline-offset-3"
    >
      {children}
    </Link>
  );
}

/** The operator's rules; where they cannot be read the page says what is so by default. */
async function readRules() {
  try {
    return await arena().rules.get();
  } catch (error) {
    log.warn({ err: error }, "the page about this has no rules");
    return DEFAULT_ARENA_SETTINGS;
  }
}
