import { ArrowRight } from "lucide-react";
import Link from "next/link";
import { canChat } from "@/components/can-chat";
import { paths } from "@/lib/paths";
import type { ModelPage } from "@/lib/protocol/board-view";
import { SkillBars } from "../../_components/skill-bars";
import { Section } from "./section";

const EXAMPLES_SHOWN = 8;

/** What it was measured to do, where it ends, and what to ask it. */
export function TrySection({
  page: { facts, description, features, isDirect },
}: {
  page: ModelPage;
}) {
  const { skills, limits, examplePrompts } = description;
  if (skills.length === 0 && !limits && examplePrompts.length === 0) return null;
  const canAsk = canChat({ awake: facts.isAwake, features, isDirect });
  return (
    <Section id="card" title="What it can do" lead="As its card says.">
      <div className="space-y-8">
        {skills.length > 0 && <SkillBars skills={skills} />}
        {limits && (
          <div>
            <h3 className="text-sm font-medium">Limits</h3>
            <p className="mt-2 max-w-[68ch] text-sm text-ink-soft">{limits}</p>
          </div>
        )}
        {examplePrompts.length > 0 && (
          <div>
            <h3 className="text-sm font-medium">Try it with</h3>
            <ul className="mt-2 grid gap-x-10 sm:grid-cols-2">
              {examplePrompts.slice(0, EXAMPLES_SHOWN).map((prompt) => (
                <li key={prompt} className="border-b border-line">
                  {canAsk ? (
                    <Example model={facts.model} prompt={prompt} />
                  ) : (
                    <Plain>{prompt}</Plain>
                  )}
                </li>
              ))}
            </ul>
          </div>
        )}
      </div>
    </Section>
  );
}

function Example({ model, prompt }: { model: string; prompt: string }) {
  return (
    <Link
      href={`${paths.chat}?${new URLSearchParams({ model, prompt })}`}
      prefetch={false}
      className="group flex min-h-11 items-center justify-between gap-4 py-2 text-sm text-ink-soft hover:text-ink"
    >
      {prompt}
      <ArrowRight
        size={16}
        strokeWidth={1.5}
        aria-hidden="true"
        className="shrink-0 transition-transform duration-120 group-hover:translate-x-0.5"
      />
    </Link>
  );
}

function Plain({ children }: { children: string }) {
  return <span className="flex min-h-11 items-center py-2 text-sm text-ink-soft">{children}</span>;
}
