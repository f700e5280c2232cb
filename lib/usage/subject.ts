/**
 * What limits are held against: a key over all its models, a key at one model, a model over all callers.
 * Ids of keys hold no slash and no colon, so a subject is read back unambiguously whatever models are called.
 */

export type Subject = string;

export const keySubject = (keyId: string): Subject => `key:${keyId}`;
export const modelSubject = (model: string): Subject => `model:${model}`;
export const keyModelSubject = (keyId: string, model: string): Subject =>
  `key:${keyId}/model:${model}`;

export type SubjectParts = { keyId: string | undefined; model: string | undefined };

export function toSubjectParts(subject: Subject): SubjectParts {
  const found = /^(?:key:([^/:]+))?\/?(?:model:(.*))?$/s.exec(subject);
  return { keyId: found?.[1], model: found?.[2] };
}

/** A subject in words for whoever is refused; of a key they hear only about their own. */
export function describeSubject(subject: Subject): string {
  const { keyId, model } = toSubjectParts(subject);
  if (keyId === undefined) return `the model \`${model}\` over all callers`;
  return model === undefined ? "this API key" : `this API key at the model \`${model}\``;
}
