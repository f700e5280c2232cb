"use client";

import { CREDENTIAL_KEYS, credentialKeysOf, PROVIDERS } from "@/lib/protocol/provider-table";
import type { ProviderKeyView } from "@/lib/protocol/providers-view";
import { TextField } from "../text-field";
import { keysFor } from "./external-draft";
import type { FormPartProps } from "./external-form";
import { CREDENTIAL_WORDS, PLACE_FIELDS } from "./provider-words";
import { SelectField } from "./select-field";

export type KeyAndPlaceFieldsProps = FormPartProps & { keys: readonly ProviderKeyView[] };

/** By which key, and where: what the chosen provider has of these, and nothing else. */
export function KeyAndPlaceFields({ draft, problem, change, keys }: KeyAndPlaceFieldsProps) {
  const { required, optional } = PROVIDERS[draft.provider].place;
  const places = PLACE_FIELDS.filter(
    ({ name }) => required.includes(name) || optional.includes(name),
  );
  const setPlace = (name: keyof typeof draft.places, value: string) =>
    change({ places: { ...draft.places, [name]: value } });
  return (
    <>
      <KeyFields {...{ draft, problem, change, keys }} setPlace={setPlace} />
      {places.length === 0 ? null : (
        <fieldset>
          <legend className="sr-only">Where it is</legend>
          <div className="grid gap-x-4 gap-y-5 sm:grid-cols-2">
            {places.map(({ name, label, placeholder }) => (
              <div key={name} className={name === "baseUrl" ? "sm:col-span-2" : ""}>
                <TextField
                  label={label}
                  value={draft.places[name] ?? ""}
                  onChange={(value) => setPlace(name, value)}
                  note={
                    name === "baseUrl" && !required.includes(name)
                      ? "Empty: the provider’s own."
                      : undefined
                  }
                  placeholder={placeholder}
                  isCode
                  isRequired={required.includes(name)}
                  at={`entry.${name}`}
                  problem={problem}
                />
              </div>
            ))}
          </div>
        </fieldset>
      )}
    </>
  );
}

type KeyFieldsProps = KeyAndPlaceFieldsProps & {
  setPlace: (name: keyof FormPartProps["draft"]["places"], value: string) => void;
};

function KeyFields({ draft, problem, change, keys, setPlace }: KeyFieldsProps) {
  const { provider, keyId } = draft;
  const parts = credentialKeysOf(provider);
  if (parts.length === 0) {
    return (
      <p className="text-sm text-ink-soft">
        It has no key: its models use the Google account of the machine that the worker runs on.
      </p>
    );
  }
  const { variables, needsKey } = PROVIDERS[provider];
  const usable = keysFor(provider, keys);
  const none = needsKey ? "A variable of the worker" : "None, or a variable of the worker";
  return (
    <fieldset>
      <legend className="sr-only">Its key</legend>
      <div className="grid gap-x-4 gap-y-5 sm:grid-cols-2">
        <SelectField
          label="Key"
          value={keyId}
          options={[
            { value: "", label: none },
            ...usable.map(({ id, name }) => ({ value: id, label: name })),
          ]}
          onChange={(value) => change({ keyId: value })}
          note={usable.length === 0 ? "No key of this provider is kept yet." : undefined}
          at="keyId"
          problem={problem}
        />
        {keyId === ""
          ? CREDENTIAL_KEYS.filter((it) => parts.includes(it)).map((name) => (
              <TextField
                key={name}
                label={`Variable of its ${CREDENTIAL_WORDS[name].toLowerCase()}`}
                value={draft.places[name] ?? ""}
                onChange={(value) => setPlace(name, value)}
                note={
                  name === "key" ? "The name of the variable, never the key itself." : undefined
                }
                placeholder={variables[name]}
                isCode
                at={`entry.${name}`}
                problem={problem}
              />
            ))
          : null}
      </div>
    </fieldset>
  );
}
