"use client";

import clsx from "clsx";
import { Search } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import type { BoardAddress } from "@/components/board/board-address";
import { languageLabel, periodLabel } from "@/components/board/board-labels";
import { countOf } from "@/components/format";
import { BOARD_PERIODS, isSpan } from "@/lib/protocol/board-key";
import type { BoardChoices } from "@/lib/protocol/board-view";
import { OwnDays } from "./own-days";

/** Fewer rows than this are found by eye. */
export const SEARCH_FROM_ROWS = 8;
/** Typing rests this long before the address says what was typed: browsers limit how often it may change. */
const SEARCH_DELAY_MS = 300;

export type BoardSwitchesProps = {
  address: BoardAddress;
  onChange: (change: Partial<BoardAddress>, how?: "push" | "replace") => void;
  choices: BoardChoices | undefined;
  organizations: readonly string[];
  rowCount: number;
};

/** Everything that says which votes and which models are shown, in one row. */
export function BoardSwitches(props: BoardSwitchesProps) {
  const { address, onChange, choices, organizations, rowCount } = props;
  const { key, organization, onlyOpen, withRetired, search } = address;
  const [isChoosingDays, setChoosingDays] = useState(false);
  const languages = choices?.languages ?? [];
  const isKnown = key.language === null || languages.some((it) => it.language === key.language);
  const onPeriod = (period: string) => {
    setChoosingDays(period === "own");
    if (period !== "own") onChange({ key: { ...key, period } });
  };
  return (
    <>
      <div className="flex flex-wrap gap-2 pt-4">
        <SwitchLine>
          <Choice
            label="Language of the prompts"
            value={key.language ?? ""}
            onChange={(language) => onChange({ key: { ...key, language: language || null } })}
          >
            <option value="">All languages</option>
            {languages.map(({ language, votes }) => (
              <option key={language} value={language}>
                {languageLabel(language)} ({countOf(votes, "vote")})
              </option>
            ))}
            {!isKnown && key.language && (
              <option value={key.language}>{languageLabel(key.language)}</option>
            )}
          </Choice>
          <Period period={key.period} isChoosing={isChoosingDays} onChange={onPeriod} />
          <Toggle
            isOn={key.style}
            onToggle={() => onChange({ key: { ...key, style: !key.style } })}
            hint="takes out what length and markdown do to votes"
          >
            Style control
          </Toggle>
          <Toggle isOn={onlyOpen} onToggle={() => onChange({ onlyOpen: !onlyOpen })}>
            Open weights
          </Toggle>
          <Toggle isOn={withRetired} onToggle={() => onChange({ withRetired: !withRetired })}>
            Retired models
          </Toggle>
          {(organizations.length > 1 || organization !== null) && (
            <Choice
              label="Organisation"
              value={organization ?? ""}
              onChange={(name) => onChange({ organization: name || null })}
            >
              <option value="">All organisations</option>
              {[...new Set([...organizations, ...(organization ? [organization] : [])])].map(
                (it) => (
                  <option key={it}>{it}</option>
                ),
              )}
            </Choice>
          )}
        </SwitchLine>
        {(rowCount >= SEARCH_FROM_ROWS || search !== "") && (
          <SearchField value={search} onChange={(text) => onChange({ search: text }, "replace")} />
        )}
      </div>
      {isChoosingDays && (
        <OwnDays
          period={key.period}
          onClose={() => setChoosingDays(false)}
          onChoose={(period) => {
            setChoosingDays(false);
            onChange({ key: { ...key, period } });
          }}
        />
      )}
    </>
  );
}

/** On a phone one line that scrolls sideways: wrapped, it would push the board out of sight. */
export function SwitchLine({ children }: { children: ReactNode }) {
  return (
    <div className="-my-1 flex items-center gap-2 py-1 max-sm:-mx-4 max-sm:basis-[calc(100%+2rem)] max-sm:overflow-x-auto max-sm:px-4 max-sm:[scrollbar-width:none] sm:min-w-0 sm:flex-1 sm:flex-wrap">
      {children}
    </div>
  );
}

type PeriodProps = { period: string; isChoosing: boolean; onChange: (period: string) => void };

function Period({ period, isChoosing, onChange }: PeriodProps) {
  return (
    <Choice label="Period" value={isChoosing ? "own" : period} onChange={onChange}>
      {BOARD_PERIODS.map((it) => (
        <option key={it} value={it}>
          {periodLabel(it)}
        </option>
      ))}
      {isSpan(period) && <option value={period}>{periodLabel(period)}</option>}
      <option value="own">Own days…</option>
    </Choice>
  );
}

type ChoiceProps = {
  label: string;
  value: string;
  onChange: (value: string) => void;
  children: ReactNode;
};

export function Choice({ label, value, onChange, children }: ChoiceProps) {
  return (
    <select
      aria-label={label}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      className="h-9 max-w-56 shrink-0 rounded-md border border-line bg-surface px-2.5 text-sm text-ink transition-colors duration-120 hover:border-line-strong pointer-coarse:h-11"
    >
      {children}
    </select>
  );
}

type ToggleProps = { isOn: boolean; onToggle: () => void; hint?: string; children: ReactNode };

export function Toggle({ isOn, onToggle, hint, children }: ToggleProps) {
  return (
    <button
      type="button"
      aria-pressed={isOn}
      title={hint}
      onClick={onToggle}
      className={clsx(
        "h-9 shrink-0 rounded-md border px-3 text-sm whitespace-nowrap transition-colors duration-120 pointer-coarse:h-11",
        isOn
          ? "border-ink bg-ink text-paper"
          : "border-line bg-surface text-ink hover:border-line-strong",
      )}
    >
      {children}
    </button>
  );
}

type SearchFieldProps = { value: string; onChange: (value: string) => void };

export function SearchField({ value, onChange }: SearchFieldProps) {
  const [text, setText] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const told = useRef(value);
  // The address changed by another hand, such as the browser's back.
  useEffect(() => {
    if (value !== told.current) setText(value);
    told.current = value;
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <label className="relative block max-sm:basis-full">
      <span className="sr-only">Find a model</span>
      <Search
        size={16}
        strokeWidth={1.5}
        aria-hidden="true"
        className="absolute top-1/2 left-3 -translate-y-1/2 text-ink-soft"
      />
      <input
        type="search"
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => {
            told.current = target.value;
            onChange(target.value);
          }, SEARCH_DELAY_MS);
        }}
        placeholder="Find a model"
        className="h-9 w-52 rounded-md border border-line-strong bg-surface pr-3 pl-9 text-sm placeholder:text-ink-soft max-sm:w-full pointer-coarse:h-11"
      />
    </label>
  );
}
