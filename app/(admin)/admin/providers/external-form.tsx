"use client";

import { type FormEvent, useState } from "react";
import type { RequestError } from "@/components/request-json";
import { Button } from "@/components/ui/button";
import { PROVIDER_NAMES } from "@/lib/protocol/provider-table";
import type { ProviderKeyView } from "@/lib/protocol/providers-view";
import { TextField } from "../text-field";
import { useInvalidFocus } from "../use-invalid-focus";
import { type ExternalDraft, onlyKeyOf } from "./external-draft";
import { FurtherFields } from "./further-fields";
import { KeyAndPlaceFields } from "./key-and-place-fields";
import { ModelFacts } from "./model-facts";
import { PROVIDER_WORDS } from "./provider-words";
import { SelectField } from "./select-field";

export type ExternalFormProps = {
  initial: ExternalDraft;
  keys: readonly ProviderKeyView[];
  verb: string;
  isSending: boolean;
  problem: RequestError | null;
  onSubmit: (draft: ExternalDraft) => void;
};

/** What every part of the form is given. */
export type FormPartProps = {
  draft: ExternalDraft;
  problem: RequestError | null;
  change: (changes: Partial<ExternalDraft>) => void;
};

const PROVIDERS = PROVIDER_NAMES.map((value) => ({ value, label: PROVIDER_WORDS[value] }));

export function ExternalForm(props: ExternalFormProps) {
  const { initial, keys, verb, isSending, problem, onSubmit } = props;
  const [draft, setDraft] = useState(initial);
  const change = (changes: Partial<ExternalDraft>) => setDraft({ ...draft, ...changes });
  const part = { draft, problem, change };
  const { form, isElsewhere } = useInvalidFocus(problem);
  return (
    <form
      ref={form}
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        onSubmit(draft);
      }}
      className="space-y-6"
    >
      <div className="grid gap-x-4 gap-y-5 sm:grid-cols-2">
        <SelectField
          label="Provider"
          value={draft.provider}
          options={PROVIDERS}
          // A key of another provider does not go with it.
          onChange={(provider) => change({ provider, keyId: onlyKeyOf(provider, keys) })}
          at="entry.provider"
          problem={problem}
        />
        <TextField
          label="Name"
          value={draft.name}
          onChange={(name) => change({ name })}
          note="As people call it here."
          isCode
          isRequired
          at="entry.name"
          problem={problem}
        />
        <div className="sm:col-span-2">
          <TextField
            label="Model id"
            value={draft.model}
            onChange={(model) => change({ model })}
            note={
              draft.provider === "azure" ? "That of the deployment." : "As the provider has it."
            }
            isCode
            isRequired
            at="entry.model"
            problem={problem}
          />
        </div>
      </div>
      <KeyAndPlaceFields {...part} keys={keys} />
      <ModelFacts {...part} />
      <FurtherFields {...part} />
      <p role="alert" className="text-sm text-danger empty:hidden">
        {isElsewhere ? problem?.message : null}
      </p>
      <Button type="submit" variant="primary" disabled={isSending}>
        {verb}
      </Button>
    </form>
  );
}
