import { type z } from 'zod';
import { CONFIG_FIELDS, fieldAt } from './catalogue';
import { nearest } from './nearest';
import { isSection, valueAt } from './origins';
import { shown } from './problems';
import { type TreeProblem } from './resolve-tree';

/**
 * Says an issue of zod in the words of an operator.
 *
 * @param written the config before references were resolved: a message shows the reference, never what it stands for
 */
export function explainIssue(issue: z.core.$ZodIssue, written: unknown): readonly TreeProblem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...issue.path, key], ...unknownKey(issue.path, key) }));
  }
  const field = fieldAt(issue.path);
  const allowed = field?.allowed ?? 'see the config reference';
  const value = valueAt(written, issue.path);
  if (value === undefined) {
    const what = field?.kind === 'section' ? `is missing; it is ${allowed}` : `is missing; allowed: ${allowed}`;
    return [{ path: issue.path, what, fix: `add it: ${withoutMarkup(field?.description ?? allowed)}` }];
  }
  if (value === null) {
    return [{ path: issue.path, what: `is empty; allowed: ${allowed}`, fix: 'give it a value, or remove the key' }];
  }
  return [{ path: issue.path, what: `is ${observed(issue, value)}; allowed: ${allowed}`, fix: fixFor(issue, value) }];
}

function observed(issue: z.core.$ZodIssue, value: unknown): string {
  const field = fieldAt(issue.path);
  if (field?.secret) return 'not usable (the value is not shown)';
  // A whole DSN where a section belongs is a common mistake, and holds a password.
  if (field?.kind !== 'value' && typeof value === 'string') return 'text';
  return shown(value);
}

function fixFor(issue: z.core.$ZodIssue, value: unknown): string {
  const field = fieldAt(issue.path);
  if (issue.code === 'invalid_value' && typeof value === 'string') {
    const similar = nearest(
      value,
      issue.values.map((allowed) => String(allowed)),
    );
    if (similar !== undefined) return `did you mean ${similar}?`;
  }
  if ((field?.type === 'integer' || field?.type === 'boolean') && typeof value === 'string') {
    return 'write it without quotes, as allowed';
  }
  if (field?.kind === 'section' && !isSection(value)) return 'write the keys on lines of their own, indented below it';
  if (field?.kind === 'map') return 'write one `NAME: value` line for each, indented below it';
  if (field?.kind === 'list') return 'write one `- ` line for each entry';
  if (field?.type === 'string' && typeof value !== 'string') return 'put the value in quotes, if it is the right one';
  return 'change it to what is allowed';
}

function unknownKey(section: readonly PropertyKey[], key: string): { what: string; fix: string } {
  const known = fieldAt(section)?.keys ?? [];
  const similar = nearest(key, known);
  const elsewhere = CONFIG_FIELDS.find((field) => field.path.length > 1 && field.path.at(-1) === key);
  const fix =
    similar !== undefined
      ? `did you mean ${similar}?`
      : elsewhere !== undefined
        ? `remove it, or move it: ${elsewhere.path.join('.')} exists`
        : 'remove it';
  return { what: `is not a known key; known here: ${known.join(', ')}`, fix };
}

function withoutMarkup(text: string): string {
  return text.replaceAll('`', '');
}
