import { type AnswerQuestion, type ExpectedDifference } from '../paths/copy-path';
import { isJsonObject } from '../../domain/json';

export { type AnswerQuestion };

/** What an answer of green says otherwise than blue's to the same question. Names, no contents. */
export interface AnswerDifference<Question extends string = AnswerQuestion> {
  readonly question: Question;
  /** Names of fields with dots between them, `[]` for every element of a list. */
  readonly path: string;
  /** `lost`: blue says it and green does not. `added`: the reverse. */
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
  blue: unknown,
  green: unknown,
): readonly AnswerDifference<Question>[] {
  const found: AnswerDifference<Question>[] = [];
  const declared = (path: string) => expected.filter((one) => one.question === question && isBelow(path, one.path));
  const isExpected = (path: string, blueValue: unknown, greenValue: unknown): boolean =>
    declared(path).some(({ when }) => when?.(blueValue, greenValue) ?? true);
  compare(blue, green, '', 0, {
    tell: ({ path, blueValue, greenValue, kind }) => {
      if (!isExpected(path, blueValue, greenValue)) found.push({ question, path, kind });
    },
    namesAt: (path) => declared(path).flatMap(({ nameOnGreen }) => nameOnGreen ?? [])[0],
    isExpected,
  });
  return found;
}

interface Comparison {
  readonly tell: (found: Found) => void;
  /** What green calls the fields of an object at this path. Undefined: as blue does. */
  readonly namesAt: (path: string) => ((blue: string) => string) | undefined;
  readonly isExpected: (path: string, blueValue: unknown, greenValue: unknown) => boolean;
}

function isBelow(path: string, above: string): boolean {
  return path === above || path.startsWith(`${above}.`) || path.startsWith(`${above}[]`);
}

interface Found {
  readonly path: string;
  readonly kind: AnswerDifference['kind'];
  readonly blueValue: unknown;
  readonly greenValue: unknown;
}

/** Deeper fields have no names in a finding; a login app may nest its context as deeply as it likes. */
const NAMED_DEPTH = 20;

function compare(blueValue: unknown, greenValue: unknown, path: string, depth: number, how: Comparison): void {
  const { tell } = how;
  if (isEmpty(blueValue) && isEmpty(greenValue)) return;
  if (isEmpty(blueValue) || isEmpty(greenValue)) {
    tell({ path, kind: isEmpty(greenValue) ? 'lost' : 'added', blueValue, greenValue });
  } else if (depth === NAMED_DEPTH) {
    if (!areSame(blueValue, greenValue, path, how)) tell({ path, kind: 'changed', blueValue, greenValue });
  } else if (Array.isArray(blueValue) && Array.isArray(greenValue)) {
    if (blueValue.length !== greenValue.length) tell({ path, kind: 'changed', blueValue, greenValue });
    else blueValue.forEach((value, index) => compare(value, greenValue[index], `${path}[]`, depth + 1, how));
  } else if (isJsonObject(blueValue) && isJsonObject(greenValue)) {
    const named = onGreen(blueValue, greenValue, how.namesAt(path));
    for (const name of new Set([...named.keys(), ...Object.keys(greenValue)])) {
      compare(named.get(name), greenValue[name], path === '' ? name : `${path}.${name}`, depth + 1, how);
    }
  } else if (blueValue !== greenValue) {
    tell({ path, kind: 'changed', blueValue, greenValue });
  }
}

/** The fields of blue's object by the names that green has for them; of two that get the same one the last stays, as in jsonb. */
function onGreen(
  blue: Readonly<Record<string, unknown>>,
  green: Readonly<Record<string, unknown>>,
  nameOnGreen: ((blue: string) => string) | undefined,
): ReadonlyMap<string, unknown> {
  const named = (name: string) => (nameOnGreen === undefined || Object.hasOwn(green, name) ? name : nameOnGreen(name));
  return new Map(Object.entries(blue).map(([name, value]) => [named(name), value]));
}

/** Without recursion, which nesting could exhaust. */
function areSame(blueValue: unknown, greenValue: unknown, path: string, { namesAt, isExpected }: Comparison): boolean {
  const nameOnGreen = namesAt(path);
  const left: (readonly [unknown, unknown])[] = [[blueValue, greenValue]];
  for (let pair = left.pop(); pair !== undefined; pair = left.pop()) {
    const [one, other] = pair;
    if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) {
      if (one !== other && !isExpected(path, one, other)) return false;
      continue;
    }
    const others = other as Readonly<Record<string, unknown>>;
    const ones = onGreen(one as Readonly<Record<string, unknown>>, others, nameOnGreen);
    if (Array.isArray(one) !== Array.isArray(other) || ones.size !== Object.keys(others).length) return false;
    for (const [name, value] of ones) left.push([value, others[name]]);
  }
  return true;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false || value === 0) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
