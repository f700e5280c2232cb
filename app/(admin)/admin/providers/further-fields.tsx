"use client";

import { isProblemAt } from "../models/field-problem";
import { NumberField } from "../number-field";
import { TextField } from "../text-field";
import type { FormPartProps } from "./external-form";
import { SelectField } from "./select-field";

const PARAMETERS = [
  { name: "temperature", label: "Temperature" },
  { name: "topP", label: "Top p" },
  { name: "topK", label: "Top k", isCount: true },
  { name: "maxTokens", label: "Tokens of an answer", isCount: true },
] as const;

const FIXED = [
  { name: "temperature", label: "Temperature" },
  { name: "topP", label: "Top p" },
] as const;

const OWN_PLACES = [
  ...["parameters", "fixed", "fields", "systemPrompt", "reasoningBy", "silenceSeconds"],
  ...["organization", "licence", "hasOpenWeights", "summary", "link"],
];

/** What few models need; opened by itself where something in it is wrong. */
export function FurtherFields(part: FormPartProps) {
  const isAsked = OWN_PLACES.some((it) => isProblemAt(part.problem, `entry.${it}`));
  return (
    <details open={isAsked || undefined} className="border-y border-line">
      <summary className="cursor-pointer py-3 text-sm font-medium">
        Parameters, system prompt, what its page tells
      </summary>
      <div className="space-y-6 pt-2 pb-6">
        <Sampling {...part} />
        <SystemPrompt {...part} />
        <RequestFields {...part} />
        <About {...part} />
      </div>
    </details>
  );
}

function Sampling({ draft, problem, change }: FormPartProps) {
  const { parameters, fixed } = draft;
  return (
    <>
      <fieldset>
        <legend className="text-sm font-medium">Parameters</legend>
        <p className="text-sm text-ink-soft">For requests that name none.</p>
        <div className="mt-2 grid grid-cols-2 gap-x-4 gap-y-3 sm:grid-cols-4">
          {PARAMETERS.map(({ name, label, ...more }) => (
            <NumberField
              key={name}
              label={label}
              value={parameters[name] ?? ""}
              onChange={(value) => change({ parameters: { ...parameters, [name]: value } })}
              isCount={"isCount" in more}
              at={`entry.parameters.${name}`}
              problem={problem}
            />
          ))}
        </div>
      </fieldset>
      <fieldset>
        <legend className="text-sm font-medium">Fixed</legend>
        <p className="text-sm text-ink-soft">
          What it has once and for all, as reasoning models do. Other values are refused.
        </p>
        <div className="mt-2 grid grid-cols-2 gap-x-4 gap-y-3 sm:grid-cols-4">
          {FIXED.map(({ name, label }) => (
            <NumberField
              key={name}
              label={label}
              value={fixed[name] ?? ""}
              onChange={(value) => change({ fixed: { ...fixed, [name]: value } })}
              at={`entry.fixed.${name}`}
              problem={problem}
            />
          ))}
        </div>
      </fieldset>
    </>
  );
}

const POLICIES = [
  { value: "allow", label: "As requests have them" },
  { value: "refuse", label: "Refused" },
  { value: "prepend", label: "A text before every conversation" },
] as const;

function SystemPrompt({ draft, problem, change }: FormPartProps) {
  return (
    <div className="grid gap-y-4">
      <SelectField
        label="System prompts"
        value={draft.systemPrompt}
        options={POLICIES}
        onChange={(systemPrompt) => change({ systemPrompt })}
        at="entry.systemPrompt"
        problem={problem}
      />
      {draft.systemPrompt === "prepend" ? (
        <TextField
          label="The text"
          value={draft.prepended}
          onChange={(prepended) => change({ prepended })}
          rows={3}
          isRequired
          at="entry.systemPrompt.prepend"
          problem={problem}
        />
      ) : null}
    </div>
  );
}

const REASONING = [
  { value: "effort", label: "In levels" },
  { value: "budget", label: "In tokens" },
] as const;

function RequestFields({ draft, problem, change }: FormPartProps) {
  const setText = (name: "options" | "extraBody" | "honoured" | "refused") => (value: string) =>
    change({ [name]: value });
  return (
    <div className="grid gap-x-4 gap-y-5 sm:grid-cols-2">
      <TextField
        label="Options of the provider"
        value={draft.options}
        onChange={setText("options")}
        note="JSON, by the names of its package in the AI SDK."
        rows={3}
        isCode
        at="entry.parameters.options"
        problem={problem}
      />
      <TextField
        label="Further fields of the request"
        value={draft.extraBody}
        onChange={setText("extraBody")}
        note="JSON, as the provider documents them."
        rows={3}
        isCode
        at="entry.parameters.extraBody"
        problem={problem}
      />
      <TextField
        label="May be asked for, too"
        value={draft.honoured}
        onChange={setText("honoured")}
        note="Fields of requests, one a line: sampling.topK, stop …"
        rows={2}
        isCode
        at="entry.fields"
        problem={problem}
      />
      <TextField
        label="May not be asked for"
        value={draft.refused}
        onChange={setText("refused")}
        rows={2}
        isCode
        at="entry.fields"
        problem={null}
      />
      <SelectField
        label="How much to reason is told"
        value={draft.reasoningBy}
        options={REASONING}
        onChange={(reasoningBy) => change({ reasoningBy })}
        note="Claude before 4.6 and Gemini 2.5 take tokens."
        at="entry.reasoningBy"
        problem={problem}
      />
      <NumberField
        label="Seconds of silence"
        value={draft.silenceSeconds}
        onChange={(silenceSeconds) => change({ silenceSeconds })}
        note="After which it is given up. Empty: 300."
        at="entry.silenceSeconds"
        problem={problem}
      />
    </div>
  );
}

const WEIGHTS = [
  { value: "", label: "Not told" },
  { value: "yes", label: "Yes" },
  { value: "no", label: "No" },
] as const;

function About({ draft, problem, change }: FormPartProps) {
  return (
    <div className="grid gap-x-4 gap-y-5 sm:grid-cols-2">
      <TextField
        label="Organization"
        value={draft.organization}
        onChange={(organization) => change({ organization })}
        at="entry.organization"
        problem={problem}
      />
      <TextField
        label="Licence"
        value={draft.licence}
        onChange={(licence) => change({ licence })}
        at="entry.licence"
        problem={problem}
      />
      <SelectField
        label="Open weights"
        value={WEIGHTS.find((it) => it.value === draft.hasOpenWeights)?.value ?? ""}
        options={WEIGHTS}
        onChange={(hasOpenWeights) => change({ hasOpenWeights })}
        at="entry.hasOpenWeights"
        problem={problem}
      />
      <TextField
        label="Link"
        value={draft.link}
        onChange={(link) => change({ link })}
        placeholder="https://"
        isCode
        at="entry.link"
        problem={problem}
      />
      <div className="sm:col-span-2">
        <TextField
          label="Summary"
          value={draft.summary}
          onChange={(summary) => change({ summary })}
          rows={2}
          at="entry.summary"
          problem={problem}
        />
      </div>
    </div>
  );
}
