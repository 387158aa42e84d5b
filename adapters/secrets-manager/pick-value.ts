import { CutoverFault } from '../../domain/faults';
import { isJsonObject, parsedJson } from '../../domain/json';

/**
 * What a reference means in the text of a secret: all of it, or the value of one key of a JSON object.
 *
 * @throws CutoverFault SECRET_UNUSABLE; the message names the keys that are asked for and never what is there
 */
export function pickValue(text: string, secretId: string, jsonKey: string | undefined): string {
  if (jsonKey === undefined) {
    if (text !== '') return text;
    throw unusable(secretId, 'is empty', 'give it a value');
  }
  const parsed = parsedJson(text);
  if (!isJsonObject(parsed)) {
    throw unusable(secretId, `is no JSON object, but its key ${jsonKey} is asked for`, 'leave #KEY out, or store JSON');
  }
  const value = Object.hasOwn(parsed, jsonKey) ? parsed[jsonKey] : undefined;
  if (typeof value === 'string' && value !== '') return value;
  // RDS keeps the port beside the password as a number.
  if (typeof value === 'number') return String(value);
  throw unusable(secretId, `has no text under the key ${jsonKey}`, 'correct #KEY, or add the key');
}

function unusable(secretId: string, what: string, fix: string): CutoverFault {
  return new CutoverFault('SECRET_UNUSABLE', `secret ${secretId} ${what}; ${fix}`, { secretId });
}
