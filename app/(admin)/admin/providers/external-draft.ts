import { RequestError } from "@/components/request-json";
import {
  CREDENTIAL_KEYS,
  credentialKeysOf,
  PLACE_KEYS,
  type PlaceKey,
  PROVIDERS,
  type ProviderName,
  takesKeyOf,
} from "@/lib/protocol/provider-table";
import type { ExternalModelView, ProviderKeyView } from "@/lib/protocol/providers-view";

/** What stands in the fields of the form, all of it text as people type it. */
export type ExternalDraft = {
  name: string;
  provider: ProviderName;
  model: string;
  /** Of a stored key; empty: variables hold it. */
  keyId: string;
  /** Where it is, and names of variables; what a provider has not is left out when it is sent. */
  places: Partial<Record<PlaceKey, string>>;
  features: readonly string[];
  contextLength: string;
  prices: Partial<Record<"input" | "output" | "cachedInput", string>>;
  parameters: Partial<Record<"temperature" | "topP" | "topK" | "maxTokens", string>>;
  fixed: Partial<Record<"temperature" | "topP", string>>;
  /** JSON. */
  options: string;
  extraBody: string;
  /** Fields of requests, one a line. */
  honoured: string;
  refused: string;
  anonymousOnly: boolean;
  systemPrompt: "allow" | "refuse" | "prepend";
  prepended: string;
  reasoningBy: "effort" | "budget";
  silenceSeconds: string;
  organization: string;
  licence: string;
  /** "yes", "no", or empty for what nobody says. */
  hasOpenWeights: string;
  summary: string;
  link: string;
};

export const EMPTY_EXTERNAL: ExternalDraft = {
  ...{ name: "", provider: "openai", model: "", keyId: "", places: {}, features: ["chat"] },
  ...{ contextLength: "", prices: {}, parameters: {}, fixed: {}, options: "", extraBody: "" },
  ...{ honoured: "", refused: "", anonymousOnly: false, systemPrompt: "allow", prepended: "" },
  ...{ reasoningBy: "effort", silenceSeconds: "", organization: "", licence: "" },
  ...{ hasOpenWeights: "", summary: "", link: "" },
};

const text = (value: string | number | undefined) => (value === undefined ? "" : String(value));
const texts = (values: object) =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      typeof value === "number" ? [[name, String(value)]] : [],
    ),
  );
const json = (value: object | undefined) =>
  value === undefined ? "" : JSON.stringify(value, null, 2);

export function toExternalDraft({ entry, keyId }: ExternalModelView): ExternalDraft {
  const { name, provider, model, parameters, systemPrompt, fields } = entry;
  const said = (isHonoured: boolean) =>
    Object.entries(fields)
      .flatMap(([field, value]) => (value === isHonoured ? [field] : []))
      .join("\n");
  return {
    ...{ name, provider, model, keyId: keyId ?? "", features: entry.features },
    places: Object.fromEntries(
      PLACE_KEYS.flatMap((key) => (entry[key] === undefined ? [] : [[key, entry[key]]])),
    ),
    contextLength: text(entry.contextLength),
    prices: texts(entry.prices ?? {}),
    parameters: texts(parameters),
    fixed: texts(entry.fixed),
    options: json(parameters.options),
    extraBody: json(parameters.extraBody),
    ...{ honoured: said(true), refused: said(false), anonymousOnly: entry.anonymousOnly },
    systemPrompt: typeof systemPrompt === "object" ? "prepend" : systemPrompt,
    prepended: typeof systemPrompt === "object" ? systemPrompt.prepend : "",
    ...{ reasoningBy: entry.reasoningBy, silenceSeconds: text(entry.silenceSeconds) },
    ...{ organization: text(entry.organization), licence: text(entry.licence) },
    hasOpenWeights: entry.hasOpenWeights === undefined ? "" : entry.hasOpenWeights ? "yes" : "no",
    ...{ summary: text(entry.summary), link: text(entry.link) },
  };
}

/**
 * What the form says as the API takes it; what is wrong with it the server says.
 *
 * @throws RequestError for a field of JSON that is none.
 */
export function toExternalBody(draft: ExternalDraft, isEnabled: boolean) {
  const { name, provider, model, keyId, features, anonymousOnly, reasoningBy } = draft;
  const parameters = {
    ...toNumbers(draft.parameters),
    ...given("options", toJson(draft.options, "entry.parameters.options")),
    ...given("extraBody", toJson(draft.extraBody, "entry.parameters.extraBody")),
  };
  const entry = {
    ...{ name: name.trim(), provider, model: model.trim(), features, anonymousOnly, reasoningBy },
    ...{ parameters, ...placesOf(draft), fixed: toNumbers(draft.fixed), fields: fieldsOf(draft) },
    ...toNumbers({ contextLength: draft.contextLength, silenceSeconds: draft.silenceSeconds }),
    ...given("prices", pricesOf(draft)),
    systemPrompt:
      draft.systemPrompt === "prepend" ? { prepend: draft.prepended } : draft.systemPrompt,
    ...given("organization", draft.organization.trim() || undefined),
    ...given("licence", draft.licence.trim() || undefined),
    ...given("summary", draft.summary.trim() || undefined),
    ...given("link", draft.link.trim() || undefined),
    ...(draft.hasOpenWeights !== "" && { hasOpenWeights: draft.hasOpenWeights === "yes" }),
  };
  return { entry, keyId: keyId === "" ? null : keyId, isEnabled };
}

const given = (name: string, value: unknown) => (value === undefined ? {} : { [name]: value });

function toNumbers(values: Readonly<Record<string, string | undefined>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      value === undefined || value.trim() === "" ? [] : [[name, Number(value)]],
    ),
  );
}

function pricesOf({ prices }: ExternalDraft): Record<string, number> | undefined {
  const numbers = toNumbers(prices);
  return Object.keys(numbers).length === 0 ? undefined : numbers;
}

/** A stored key takes the place of all variables. */
function placesOf({ provider, keyId, places }: ExternalDraft): Partial<Record<PlaceKey, string>> {
  const { required, optional } = PROVIDERS[provider].place;
  const isVariable = (name: PlaceKey) => CREDENTIAL_KEYS.some((it) => it === name);
  return Object.fromEntries(
    [...required, ...optional].flatMap((name) => {
      const value = places[name]?.trim() ?? "";
      return value === "" || (keyId !== "" && isVariable(name)) ? [] : [[name, value]];
    }),
  );
}

function fieldsOf({ honoured, refused }: ExternalDraft): Record<string, boolean> {
  const lines = (value: string) => value.split("\n").flatMap((line) => line.trim() || []);
  return Object.fromEntries([
    ...lines(honoured).map((field) => [field, true] as const),
    ...lines(refused).map((field) => [field, false] as const),
  ]);
}

function toJson(value: string, param: string): unknown {
  if (value.trim() === "") return undefined;
  try {
    return JSON.parse(value);
  } catch (cause) {
    const message = 'This is no JSON. Write an object such as {"reasoning": true}.';
    throw new RequestError("invalid-request", message, { param, cause });
  }
}

/** The stored key that is meant where nobody has chosen one: the only one of the provider. */
export function onlyKeyOf(provider: ProviderName, keys: readonly ProviderKeyView[]): string {
  const [first, ...others] = keysFor(provider, keys);
  return first && others.length === 0 ? first.id : "";
}

/** Stored keys that models of a provider can use. */
export function keysFor(
  provider: ProviderName,
  keys: readonly ProviderKeyView[],
): readonly ProviderKeyView[] {
  if (credentialKeysOf(provider).length === 0) return [];
  return keys.filter((it) => takesKeyOf(provider, it.provider));
}
