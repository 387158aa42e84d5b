import { type QueryParameters } from './query-parameters';
import { requiredText, invalid } from './read-parameters';
import { type XmlValue, xmlList } from './xml';

export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** AWS allows this many on one resource. */
export const TAGS_MAX = 50;
const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** @throws RdsError InvalidParameterValue for a repeated key, a reserved prefix or characters AWS does not allow */
export function readTags(parameters: QueryParameters): Tag[] {
  const tags = parameters.items('Tags', 'Tag').map((item) => ({
    key: checkTagKey(requiredText(item, 'Key')),
    value: checkTagText(item.text('Value') ?? '', 256),
  }));
  if (new Set(tags.map((tag) => tag.key)).size !== tags.length) throw invalid('Duplicate tag keys are not allowed.');
  if (tags.length > TAGS_MAX) throw invalid(`A resource can have at most ${TAGS_MAX} tags.`);
  return tags;
}

export function readTagKeys(parameters: QueryParameters): string[] {
  const keys = parameters.texts('TagKeys', 'TagKey') ?? [];
  if (keys.length === 0) throw invalid('At least one tag key is needed.');
  return keys.map(checkTagKey);
}

/** New values replace those of the same key; the order of first appearance stays. */
export function mergeTags(present: readonly Tag[], added: readonly Tag[]): Tag[] {
  const byKey = new Map([...present, ...added].map((tag) => [tag.key, tag]));
  if (byKey.size > TAGS_MAX) throw invalid(`A resource can have at most ${TAGS_MAX} tags.`);
  return [...byKey.values()];
}

export function tagListXml(tags: readonly Tag[]): XmlValue {
  return xmlList(
    'Tag',
    tags.map((tag) => ({ Key: tag.key, Value: tag.value })),
  );
}

function checkTagKey(key: string): string {
  if (key === '' || /^(aws|rds):/i.test(key))
    throw invalid('A tag key must not be empty nor begin with "aws:" or "rds:".');
  return checkTagText(key, 128);
}

function checkTagText(text: string, maxLength: number): string {
  if (text.length > maxLength || !ALLOWED.test(text)) {
    throw invalid(`A tag has a character that is not allowed or is longer than ${maxLength} characters.`);
  }
  return text;
}
