import { type CarriedTable } from '../paths/copy-path';

/**
 * Some rows of a table as they travel: for each of its columns, in their order, an array of the text of the values, as a literal. The source
 * writes such arrays and the target reads them; of most columns nobody in between looks at a value.
 */
export class RowBlock {
  readonly #read = new Map<string, readonly (string | null)[]>();

  /** @param bytes roughly what the columns take */
  constructor(
    private readonly table: Pick<CarriedTable, 'columns'>,
    readonly columns: readonly string[],
    readonly bytes: number,
  ) {}

  /** @returns the text of a column's values, in the order of the rows; none where the table has no such column */
  values(column: string): readonly (string | null)[] {
    const known = this.#read.get(column);
    if (known !== undefined) return known;
    const literal = this.columns[Object.keys(this.table.columns).indexOf(column)];
    const read = literal === undefined ? [] : elementsOf(literal);
    this.#read.set(column, read);
    return read;
  }
}

/** @returns of each row the values of these columns */
export function* tuplesOf(
  blocks: readonly RowBlock[],
  columns: readonly string[],
): Generator<readonly (string | null)[]> {
  for (const block of blocks) {
    const [first = [], ...others] = columns.map((column) => block.values(column));
    for (const [row, value] of first.entries()) yield [value, ...others.map((values) => values[row] ?? null)];
  }
}

export function valuesOf(blocks: readonly RowBlock[], column: string): readonly (string | null)[] {
  return blocks.length === 1 ? (blocks[0]?.values(column) ?? []) : blocks.flatMap((block) => block.values(column));
}

export function textsOf(blocks: readonly RowBlock[], column: string): readonly string[] {
  return valuesOf(blocks, column).filter((value) => value !== null);
}

/**
 * Reads an array of text of one dimension, as PostgreSQL writes it.
 * Source: PostgreSQL manual, "Arrays", "Array Input and Output Syntax".
 */
export function elementsOf(literal: string): readonly (string | null)[] {
  const inner = literal.slice(1, -1);
  if (inner === '') return [];
  if (!inner.includes('"')) return inner.split(',').map(unquoted);
  const elements: (string | null)[] = [];
  for (let at = 0; at <= inner.length;) {
    const isQuoted = inner.startsWith('"', at);
    const end = isQuoted ? closingQuote(inner, at + 1) : endOf(inner, at);
    elements.push(isQuoted ? unescaped(inner.slice(at + 1, end)) : unquoted(inner.slice(at, end)));
    at = end + (isQuoted ? 2 : 1);
  }
  return elements;
}

const unquoted = (element: string): string | null => (element === 'NULL' ? null : element);

const unescaped = (text: string): string => (text.includes('\\') ? text.replace(/\\([^])/g, '$1') : text);

function endOf(inner: string, at: number): number {
  const comma = inner.indexOf(',', at);
  return comma === -1 ? inner.length : comma;
}

/** One that an even number of backslashes stands before. */
function closingQuote(inner: string, from: number): number {
  for (let at = inner.indexOf('"', from); at !== -1; at = inner.indexOf('"', at + 1)) {
    let first = at;
    while (inner[first - 1] === '\\') first -= 1;
    if ((at - Math.max(first, from)) % 2 === 0) return at;
  }
  throw new Error('an array of text does not end');
}
