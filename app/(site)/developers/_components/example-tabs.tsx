"use client";

import { Tabs } from "radix-ui";
import { CodeBlock } from "@/components/chat/code-block";
import { type Code, LANGUAGES, type Language } from "../_examples/example";
import { useExampleLanguage } from "./example-language";

const LABELS: Record<Language, string> = {
  curl: "curl",
  python: "Python",
  typescript: "TypeScript",
};
const SYNTAX: Record<Language, string> = {
  curl: "bash",
  python: "python",
  typescript: "typescript",
};

export type ExampleTabsProps = { label: string; code: Code };

/** One example in three languages. To choose one is to choose it for all. */
export function ExampleTabs({ label, code }: ExampleTabsProps) {
  const [language, choose] = useExampleLanguage();
  const onChange = (value: string) => {
    const known = LANGUAGES.find((it) => it === value);
    if (known) choose(known);
  };
  return (
    <Tabs.Root value={language} onValueChange={onChange} className="mt-5">
      <Tabs.List aria-label={`${label}: language`} className="mb-2 flex gap-5">
        {LANGUAGES.map((it) => (
          <Tabs.Trigger
            key={it}
            value={it}
            className="border-b-2 border-transparent py-1 text-sm text-ink-soft transition-colors duration-120 hover:text-ink data-[state=active]:border-ink data-[state=active]:text-ink pointer-coarse:min-h-11"
          >
            {LABELS[it]}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      {LANGUAGES.map((it) => (
        <Tabs.Content key={it} value={it}>
          <CodeBlock code={code[it]} language={SYNTAX[it]} />
        </Tabs.Content>
      ))}
    </Tabs.Root>
  );
}
