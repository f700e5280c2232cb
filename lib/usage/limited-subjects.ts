import type { ApiKey } from "@/lib/auth/api-caller";
import { LIMIT_NAMES, type Limits } from "@/lib/protocol/api-key";
import { keyModelSubject, keySubject, type Subject } from "./subject";

export function isLimited(limits: Limits): boolean {
  return LIMIT_NAMES.some((name) => limits[name] !== undefined);
}

/** What of a key is limited. */
export type LimitedSubjects = { own: Subject | undefined; models: ReadonlyMap<string, Subject> };

/** A key is another object once it was changed. */
const subjectsOfKeys = new WeakMap<ApiKey, LimitedSubjects>();

/** Put together once a key: each request asks for them a few times. */
export function limitedSubjects(key: ApiKey): LimitedSubjects {
  const known = subjectsOfKeys.get(key);
  if (known !== undefined) return known;
  const models = Object.keys(key.limits.models ?? {});
  const made: LimitedSubjects = {
    own: isLimited(key.limits) ? keySubject(key.id) : undefined,
    models: new Map(models.map((model) => [model, keyModelSubject(key.id, model)])),
  };
  subjectsOfKeys.set(key, made);
  return made;
}

/** A key may be limited at an alias as at a model. Names are a caller's word, hence own properties. */
export function limitsAt({ limits: { models = {} } }: ApiKey, name: string): Limits | undefined {
  const limits = Object.hasOwn(models, name) ? models[name] : undefined;
  return limits !== undefined && isLimited(limits) ? limits : undefined;
}
