"use client";

import type { ArenaRules } from "@/lib/protocol/arena-rules-view";
import { AdminReading, useAdminQuery } from "../admin-reading";
import { DrawSection } from "./draw-section";
import { SAMPLING, SECTIONS } from "./rule-fields";
import { RulesHistory } from "./rules-history";
import { SectionForm } from "./section-form";
import { RULES } from "./use-rules-change";

const HEADING = "mb-6 font-display text-xl tracking-tight";

export function RulesView() {
  const query = useAdminQuery(RULES);
  return (
    <AdminReading what="The rules" query={query}>
      {(rules) => <Rules rules={rules} />}
    </AdminReading>
  );
}

function Rules({ rules }: { rules: ArenaRules }) {
  return (
    <>
      <section aria-labelledby="pairs" className="mb-12">
        <h2 id="pairs" className={HEADING}>
          Pairs
        </h2>
        <SectionForm section={SAMPLING} rules={rules} />
        <DrawSection rules={rules} />
      </section>
      <section aria-labelledby="rules" className="mb-12">
        <h2 id="rules" className={HEADING}>
          Rules of the game
        </h2>
        {SECTIONS.map((section) => (
          <SectionForm key={section.name} section={section} rules={rules} />
        ))}
      </section>
      <section aria-labelledby="history">
        <h2 id="history" className={HEADING}>
          What was changed
        </h2>
        <RulesHistory version={rules.version} />
      </section>
    </>
  );
}
