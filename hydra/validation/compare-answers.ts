import { type AnswerQuestion, type ExpectedDifference } from '../paths/copy-path';
import { isJsonObject } from '../../domain/json';

export { type AnswerQuestion };

/** What an answer of the target says otherwise than the source's to the same question. Names, no contents. */
export interface AnswerDifference<Question extends string = AnswerQuestion> {
  readonly question: Question;
  /** Names of fields with dots between them, `[]` for every element of a list. */
  readonly path: string;
  /** `lost`: the source says it and the target does not. `added`: the reverse. */
  readonly kind: 'lost' | 'added' | 'changed';
}

/**
 * Compares two answers to one question field by field, as their readers do: what is absent, null, false, 0 or empty is the same.
 *
 * @returns what is different and on no line of `expected`
 */
export function compareAnswers<Question extends string = AnswerQuestion>(
  expected: readonly ExpectedDifference<Question>[],
  question: Question,
  sourceAnswer: unknown,
  targetAnswer: unknown,
): readonly AnswerDifference<Question>[] {
  const found: AnswerDifference<Question>[] = [];
  const declared = (path: string) => expected.filter((one) => one.question === question && isBelow(path, one.path));
  const isExpected = (path: string, source: unknown, target: unknown): boolean =>
    declared(path).some(({ when }) => when?.(source, target) ?? true);
  compare(sourceAnswer, targetAnswer, '', 0, {
    tell: ({ path, source, target, kind }) => {
      if (!isExpected(path, source, target)) found.push({ question, path, kind });
    },
    namesAt: (path) => declared(path).flatMap(({ nameOnTarget }) => nameOnTarget ?? [])[0],
    isExpected,
  });
  return found;
}

interface Comparison {
  readonly tell: (found: Found) => void;
  /** What the target calls the fields of an object at this path. Undefined: as the source does. */
  readonly namesAt: (path: string) => ((source: string) => string) | undefined;
  readonly isExpected: (path: string, source: unknown, target: unknown) => boolean;
}

function isBelow(path: string, above: string): boolean {
  return path === above || path.startsWith(`${above}.`) || path.startsWith(`${above}[]`);
}

interface Found {
  readonly path: string;
  readonly kind: AnswerDifference['kind'];
  readonly source: unknown;
  readonly target: unknown;
}

/** Deeper fields have no names in a finding; a login app may nest its context as deeply as it likes. */
const NAMED_DEPTH = 20;

function compare(source: unknown, target: unknown, path: string, depth: number, how: Comparison): void {
  const { tell } = how;
  if (isEmpty(source) && isEmpty(target)) return;
  if (isEmpty(source) || isEmpty(target)) {
    tell({ path, kind: isEmpty(target) ? 'lost' : 'added', source, target });
  } else if (depth === NAMED_DEPTH) {
    if (!areSame(source, target, path, how)) tell({ path, kind: 'changed', source, target });
  } else if (Array.isArray(source) && Array.isArray(target)) {
    if (source.length !== target.length) tell({ path, kind: 'changed', source, target });
    else source.forEach((value, index) => compare(value, target[index], `${path}[]`, depth + 1, how));
  } else if (isJsonObject(source) && isJsonObject(target)) {
    const named = underTargetsNames(source, target, how.namesAt(path));
    for (const name of new Set([...named.keys(), ...Object.keys(target)])) {
      compare(named.get(name), target[name], path === '' ? name : `${path}.${name}`, depth + 1, how);
    }
  } else if (source !== target) {
    tell({ path, kind: 'changed', source, target });
  }
}

/** The fields of the source's object by the names that the target has for them; of two that get the same one the last stays, as in jsonb. */
function underTargetsNames(
  source: Readonly<Record<string, unknown>>,
  target: Readonly<Record<string, unknown>>,
  nameOnTarget: ((source: string) => string) | undefined,
): ReadonlyMap<string, unknown> {
  const named = (name: string) =>
    nameOnTarget === undefined || Object.hasOwn(target, name) ? name : nameOnTarget(name);
  return new Map(Object.entries(source).map(([name, value]) => [named(name), value]));
}

/** Without recursion, which nesting could exhaust. */
function areSame(source: unknown, target: unknown, path: string, { namesAt, isExpected }: Comparison): boolean {
  const nameOnTarget = namesAt(path);
  const left: (readonly [unknown, unknown])[] = [[source, target]];
  for (let pair = left.pop(); pair !== undefined; pair = left.pop()) {
    const [one, other] = pair;
    if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) {
      if (one !== other && !isExpected(path, one, other)) return false;
      continue;
    }
    const others = other as Readonly<Record<string, unknown>>;
    const ones = underTargetsNames(one as Readonly<Record<string, unknown>>, others, nameOnTarget);
    if (Array.isArray(one) !== Array.isArray(other) || ones.size !== Object.keys(others).length) return false;
    for (const [name, value] of ones) left.push([value, others[name]]);
  }
  return true;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false || value === 0) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
