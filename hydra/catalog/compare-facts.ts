import { type Fact, type FactKey, type FactKind, keyOf, tell } from './fact';

/** One thing that two schemas do not have alike. */
export interface FactDifference extends FactKey {
  /** Undefined: there should be none. */
  readonly expected: string | undefined;
  /** Undefined: there is none. */
  readonly found: string | undefined;
}

/** How a deployment runs a schema: no `migrate sql` makes or changes it, and no Hydra notices. */
const OF_A_DEPLOYMENT: readonly FactKind[] = [
  'grant',
  'publication',
  'replica identity',
  'sequence setting',
  'statistics',
  'storage',
  'column storage',
];

/** In what two schemas differ as a Hydra sees them. Pure. */
export function compareFacts(expected: readonly Fact[], found: readonly Fact[]): FactDifference[] {
  const wanted = factsByKey(expected);
  const seen = factsByKey(found);
  const missingOrOther = [...wanted].map(([key, fact]) => difference(fact, fact, seen.get(key)));
  const besides = [...seen].filter(([key]) => !wanted.has(key)).map(([, fact]) => difference(fact, undefined, fact));
  return [...missingOrOther, ...besides].filter(
    ({ kind, ...one }) => one.expected !== one.found && !OF_A_DEPLOYMENT.includes(kind),
  );
}

export function factsByKey(facts: readonly Fact[]): ReadonlyMap<string, Fact> {
  return new Map(facts.map((fact) => [keyOf(fact), fact]));
}

export function hasTable(facts: readonly Fact[], table: string): boolean {
  return facts.some((fact) => fact.kind === 'table' && fact.table === table);
}

/** For people: the first of them, without anything but definitions. */
export function tellDifferences(differences: readonly FactDifference[], max = 10): string {
  const shown = differences.slice(0, max).map((one) => {
    if (one.found === undefined) return `${tell(one)} is missing`;
    if (one.expected === undefined) return `${tell(one)} is there besides`;
    return `${tell(one)} is "${one.found}" instead of "${one.expected}"`;
  });
  const rest = differences.length - shown.length;
  return shown.join('; ') + (rest > 0 ? ` and ${rest} more` : '');
}

function difference({ kind, table, name }: Fact, expected?: Fact, found?: Fact): FactDifference {
  return { kind, table, name, expected: expected?.definition, found: found?.definition };
}
