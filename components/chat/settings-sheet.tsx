"use client";

import { RotateCcw } from "lucide-react";
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { SYSTEM_PROMPT_CHARACTERS_MAX } from "@/lib/limits";
import type { ConversationSettings } from "@/lib/protocol/conversation-view";
import { formatCount } from "../format";
import { Button } from "../ui/button";
import { SideSheet } from "../ui/side-sheet";
import { NUMBER_SETTINGS, type NumberSetting, parseSetting, withSetting } from "./settings-words";

const CURRENT_DATE_TIME = "{{currentDateTime}}";

export type SettingsSheetProps = {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  settings: ConversationSettings;
  onChange: (settings: ConversationSettings) => void;
};

/** With what the next turn of a chat or a comparison is asked. The page beside it stays in use. */
export function SettingsSheet({ open, onOpenChange, settings, onChange }: SettingsSheetProps) {
  const isUntouched = Object.keys(settings).length === 0;
  return (
    <SideSheet
      open={open}
      onOpenChange={onOpenChange}
      title="Parameters"
      description="They hold from the next question on, and for the next new conversation."
    >
      <div className="space-y-6">
        {NUMBER_SETTINGS.map((setting) => (
          <NumberRow
            key={setting.name}
            setting={setting}
            value={settings[setting.name]}
            onChange={(value) => onChange(withSetting(settings, setting.name, value))}
          />
        ))}
        <SystemPrompt
          value={settings.system ?? ""}
          onChange={(value) => onChange(withSetting(settings, "system", value))}
        />
        <Button className="w-full" disabled={isUntouched} onClick={() => onChange({})}>
          <RotateCcw size={15} strokeWidth={1.5} aria-hidden="true" />
          Back to the model's own
        </Button>
      </div>
    </SideSheet>
  );
}

type NumberRowProps = {
  setting: NumberSetting;
  value: number | undefined;
  onChange: (value: number | undefined) => void;
};

function NumberRow({ setting, value, onChange }: NumberRowProps) {
  const { label, hint, min, max, step, from } = setting;
  const id = useId();
  const [typed, setTyped] = useState(value?.toString() ?? "");
  const said = useRef(value);
  useEffect(() => {
    // Moved by the slider or put back: what was typed gives way.
    if (said.current !== value) setTyped(value?.toString() ?? "");
    said.current = value;
  }, [value]);
  const isWrong = typed.trim() !== "" && parseSetting(setting, typed) === undefined;
  function type(text: string) {
    setTyped(text);
    const next = parseSetting(setting, text);
    if (next === undefined && text.trim() !== "") return;
    said.current = next;
    onChange(next);
  }
  return (
    <div>
      <div className="flex items-center justify-between gap-3">
        <label htmlFor={id} className="text-sm font-medium">
          {label}
        </label>
        <input
          id={id}
          inputMode="decimal"
          value={typed}
          placeholder="model's own"
          aria-invalid={isWrong}
          aria-describedby={`${id}-hint`}
          onChange={(event) => type(event.target.value)}
          className="numeric h-8 w-28 rounded-md border border-line-strong bg-surface px-2 text-right text-sm placeholder:text-ink-soft aria-invalid:border-danger pointer-coarse:h-11"
        />
      </div>
      <input
        type="range"
        aria-label={`${label}, slider`}
        min={min}
        max={max}
        step={step}
        value={value ?? from}
        aria-valuetext={value === undefined ? "the model's own" : value.toString()}
        onChange={(event) => onChange(Number(event.target.value))}
        className={`mt-2 block h-6 w-full accent-accent pointer-coarse:h-11 ${value === undefined ? "opacity-60" : ""}`}
      />
      <p id={`${id}-hint`} className={`text-xs ${isWrong ? "text-danger" : "text-ink-soft"}`}>
        {isWrong
          ? `A number from ${formatCountOr(min)} to ${formatCountOr(max)}${step === 1 ? ", without a fraction" : ""}.`
          : hint}
      </p>
    </div>
  );
}

const formatCountOr = (value: number) =>
  Number.isInteger(value) ? formatCount(value) : value.toString();

function SystemPrompt({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  function insert() {
    const { selectionStart = value.length, selectionEnd = value.length } = field.current ?? {};
    const next = `${value.slice(0, selectionStart)}${CURRENT_DATE_TIME}${value.slice(selectionEnd)}`;
    if (next.length > SYSTEM_PROMPT_CHARACTERS_MAX) return;
    onChange(next);
    field.current?.focus();
  }
  // Escape leaves the field first and the sheet next.
  function onKeyDown(event: KeyboardEvent) {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    field.current?.blur();
  }
  return (
    <div>
      <div className="flex items-center justify-between gap-3">
        <label htmlFor={id} className="text-sm font-medium">
          System prompt
        </label>
        <Button variant="quiet" size="small" onClick={insert} className="-mr-2.5 font-mono">
          {CURRENT_DATE_TIME}
          <span className="sr-only">: insert it, which becomes the date and time of each turn</span>
        </Button>
      </div>
      <textarea
        ref={field}
        id={id}
        value={value}
        rows={6}
        maxLength={SYSTEM_PROMPT_CHARACTERS_MAX}
        aria-describedby={`${id}-hint`}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={onKeyDown}
        className="mt-2 block w-full resize-y rounded-md border border-line-strong bg-surface px-3 py-2 text-sm focus-visible:outline-2 focus-visible:-outline-offset-1"
      />
      <p id={`${id}-hint`} className="text-xs text-ink-soft">
        What the model is told before the first question.{" "}
        {value.length > SYSTEM_PROMPT_CHARACTERS_MAX * 0.9 &&
          `${formatCount(value.length)} of ${formatCount(SYSTEM_PROMPT_CHARACTERS_MAX)} characters.`}
      </p>
    </div>
  );
}
