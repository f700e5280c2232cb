"use client";

import { type FormEvent, useState } from "react";
import type { RequestError } from "@/components/request-json";
import { Button } from "@/components/ui/button";
import {
  type CredentialKey,
  credentialKeysOf,
  PROVIDER_NAMES,
  type ProviderName,
} from "@/lib/protocol/provider-table";
import { TextField } from "../text-field";
import { useInvalidFocus } from "../use-invalid-focus";
import { CREDENTIAL_WORDS, toKeyWords } from "./provider-words";
import { SelectField } from "./select-field";

export type KeyDraft = {
  name: string;
  provider: ProviderName;
  credentials: Partial<Record<CredentialKey, string>>;
};

export type ProviderKeyFormProps = {
  name: string;
  provider: ProviderName;
  /** Whose key it is stays as it is. */
  isReplacement?: boolean;
  verb: string;
  isSending: boolean;
  problem: RequestError | null;
  onSubmit: (draft: KeyDraft) => void;
};

/** Providers that have keys of their own. */
const KEYED = PROVIDER_NAMES.filter(
  (it) => credentialKeysOf(it).length > 0 && it !== "openai-responses",
);

export function ProviderKeyForm(props: ProviderKeyFormProps) {
  const { isReplacement = false, verb, isSending, problem, onSubmit } = props;
  const [name, setName] = useState(props.name);
  const [provider, setProvider] = useState(props.provider);
  // Held by this form alone: it is forgotten with the sheet.
  const [secrets, setSecrets] = useState<KeyDraft["credentials"]>({});
  const parts = credentialKeysOf(provider);
  const { form, isElsewhere } = useInvalidFocus(problem);

  function submit(event: FormEvent) {
    event.preventDefault();
    const credentials = Object.fromEntries(
      parts.flatMap((part) => (secrets[part]?.trim() ? [[part, secrets[part]]] : [])),
    );
    onSubmit({ name, provider, credentials });
  }

  return (
    <form ref={form} onSubmit={submit} className="space-y-5" autoComplete="off">
      <TextField
        label="Name"
        value={name}
        onChange={setName}
        isRequired
        note="By which you tell it from others."
        at="name"
        problem={problem}
      />
      {isReplacement ? null : (
        <SelectField
          label="Provider"
          value={provider}
          options={KEYED.map((value) => ({ value, label: toKeyWords(value) }))}
          onChange={setProvider}
          at="provider"
          problem={problem}
        />
      )}
      {parts.map((part) => (
        <TextField
          key={part}
          label={CREDENTIAL_WORDS[part]}
          value={secrets[part] ?? ""}
          onChange={(value) => setSecrets({ ...secrets, [part]: value })}
          isSecret
          isRequired={parts.length === 1}
          at={`credentials.${part}`}
          problem={problem}
        />
      ))}
      {parts.length > 1 ? (
        <p className="text-sm text-ink-soft">
          Either a key, or a pair of access keys with or without a session token.
        </p>
      ) : null}
      <p role="alert" className="text-sm text-danger empty:hidden">
        {isElsewhere ? problem?.message : null}
      </p>
      <Button type="submit" variant="primary" disabled={isSending}>
        {verb}
      </Button>
    </form>
  );
}
