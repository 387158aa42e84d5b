/**
 * What a person reads before a decision or after a run: the verdict first, then what it stands on. One shape for Temporal's Current
 * Details, a terminal, Markdown and HTML. Plain JSON; text in backticks is code.
 */
export interface Page {
  readonly title: string;
  readonly verdict: PageVerdict;
  /** Never empty: nobody decides about what is not shown. */
  readonly facts: readonly [Fact, ...Fact[]];
  readonly blocks: readonly Block[];
}

/** `unknown`: nothing is known to be wrong, and something was not looked at or not seen. */
export type PageState = 'good' | 'unknown' | 'bad';

export interface PageVerdict {
  readonly state: PageState;
  /** In front of the verdict. @default by its state */
  readonly word?: string;
  /** One sentence. */
  readonly text: string;
  /** What speaks against it, or what is not known. */
  readonly reasons: readonly string[];
}

export interface Fact {
  readonly label: string;
  readonly value: string;
  /** Stands out, if it is not as a person would expect it. */
  readonly state?: PageState;
}

export type Block =
  | { readonly kind: 'table'; readonly title: string; readonly head: readonly string[]; readonly rows: TableRows }
  | { readonly kind: 'list'; readonly title: string; readonly items: readonly string[] }
  | { readonly kind: 'text'; readonly title: string; readonly text: string }
  | { readonly kind: 'bars'; readonly title: string; readonly unit: string; readonly bars: readonly Bar[] }
  | LineChart;

export type TableRows = readonly (readonly string[])[];

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** What was expected. */
  readonly expected?: number;
}

export interface LineChart {
  readonly kind: 'lines';
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly { readonly name: string; readonly points: readonly ChartPoint[] }[];
  /** Moments that are marked, in milliseconds as the points are. */
  readonly marks: readonly { readonly atMs: number; readonly name: string }[];
}

export interface ChartPoint {
  /** Since the epoch. */
  readonly atMs: number;
  readonly value: number;
}

/** A line through more points looks the same. */
const POINTS_MAX = 200;

/** So that a long run keeps a small report. */
export function thinned(points: readonly ChartPoint[]): readonly ChartPoint[] {
  return points.length <= POINTS_MAX ? points : points.filter((_, at) => at % 2 === 0 || at === points.length - 1);
}

/** Blocks without anything in them are left out. */
export function blocksOf(...blocks: readonly Block[]): readonly Block[] {
  return blocks.filter((block) => !isEmpty(block));
}

function isEmpty(block: Block): boolean {
  switch (block.kind) {
    case 'table':
      return block.rows.length === 0;
    case 'list':
      return block.items.length === 0;
    case 'text':
      return block.text === '';
    case 'bars':
      return block.bars.length === 0;
    case 'lines':
      return block.lines.every(({ points }) => points.length === 0);
  }
}

const VERDICT_WORDS: Readonly<Record<PageState, string>> = {
  good: 'Verdict',
  unknown: 'Verdict, not certain',
  bad: 'Verdict, look first',
};

/** The words in front of a verdict, so that it is read without any colour. */
export function verdictWord({ state, word }: PageVerdict): string {
  return word ?? VERDICT_WORDS[state];
}

/** Times, and numbers that are not part of a name or an address. */
const MOVING = /\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)?|(?<![\p{L}\d_./:-])\d+(?:\.\d+)?(?![\p{L}\d_/-]|[.:]\d)/gu;

/** Whether a verdict gives a reason that another one had not. Numbers move each time; a reason that nobody has read is something else. */
export function hasNewReason(read: PageVerdict, now: PageVerdict): boolean {
  const kindOf = (reason: string): string => reason.replaceAll(MOVING, '#');
  const known = new Set(read.reasons.map(kindOf));
  return now.reasons.some((reason) => !known.has(kindOf(reason)));
}

/** The same for every renderer that has no room for a picture. */
export function chartRows(block: Extract<Block, { kind: 'bars' | 'lines' }>): {
  readonly head: readonly string[];
  readonly rows: TableRows;
} {
  const { unit } = block;
  if (block.kind === 'bars') {
    const isExpected = block.bars.some(({ expected }) => expected !== undefined);
    return {
      head: ['what', unit, ...(isExpected ? ['predicted'] : [])],
      rows: block.bars.map(({ label, value, expected }) => [
        label,
        number(value),
        ...(isExpected ? [expected === undefined ? '-' : number(expected)] : []),
      ]),
    };
  }
  return {
    head: ['what', `lowest, ${unit}`, 'highest', 'last'],
    rows: block.lines.map(({ name, points }) => {
      const values = points.map(({ value }) => value);
      if (values.length === 0) return [name, '-', '-', '-'];
      return [name, number(Math.min(...values)), number(Math.max(...values)), number(values.at(-1) ?? 0)];
    }),
  };
}

/** As many digits as a person reads. */
export function number(value: number): string {
  return Math.abs(value) >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toPrecision(2);
}
