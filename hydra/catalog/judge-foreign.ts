import { type FactKey, keyOf } from './fact';
import { type CatalogFinding, noted } from './finding';
import { type ForeignObject, type Hold } from './foreign-objects';
import { type Fate, type MigrationPath } from './migration-path';

/** What becomes of an object that hangs on something of Hydra's. */
export interface ForeignFate {
  readonly what: 'stops' | 'lost' | 'stays';
  /** Of Hydra's, what is dropped or changed; with the migration that does it. */
  readonly because?: string;
}

export interface ForeignJudgement {
  /** Findings of what is part of none of Hydra's tables. */
  readonly apart: readonly CatalogFinding[];
  /** Of what is part of one: an own index, trigger, policy. */
  partOf(fact: FactKey): (ForeignFate & { readonly object: ForeignObject }) | undefined;
}

/** An object goes with what it hangs on where one of its ties lets it; it stops the migration where none does. */
export function judgeForeignObjects(objects: readonly ForeignObject[], path: MigrationPath): ForeignJudgement {
  const byId = new Map(objects.map((one) => [one.id, one]));
  const fates = new Map<string, ForeignFate>();
  const fateOf = (object: ForeignObject): ForeignFate => {
    const known = fates.get(object.id);
    if (known) return known;
    // What hangs on each other in a circle stays, unless something else takes it.
    fates.set(object.id, { what: 'stays' });
    const fate = worst(object, (hold) => fateOfHold(hold, object.kind === 'column'));
    fates.set(object.id, fate);
    return fate;
  };
  const fateOfHold = (hold: Hold, isColumn: boolean): ForeignFate => {
    if (hold.on !== undefined) return ofHydras(hold, path, isColumn);
    const other = hold.object === undefined ? undefined : byId.get(hold.object);
    const fate = other === undefined ? ({ what: 'stays' } as const) : fateOf(other);
    if (fate.what !== 'lost') return fate.what === 'stops' ? fate : { what: 'stays' };
    return hold.how === 'goes' ? fate : { ...fate, what: 'stops' };
  };
  const parts = new Map(
    objects.flatMap((object) => (object.table === null ? [] : [[partKey(object), object] as const])),
  );
  return {
    apart: objects
      .filter(({ table }) => table === null)
      .flatMap((object) => toFinding(object, fateOf(object), objects)),
    partOf: (fact) => {
      const object = parts.get(keyOf(fact));
      return object === undefined ? undefined : { ...fateOf(object), object };
    },
  };
}

function partKey({ kind, table, name }: ForeignObject): string {
  return keyOf({ kind: kind as FactKey['kind'], table: table ?? '', name });
}

function worst({ holds }: ForeignObject, fateOf: (hold: Hold) => ForeignFate): ForeignFate {
  const fates = holds.map(fateOf);
  // An object that goes with a table needs no other permission.
  const goes = holds.findIndex((hold, index) => hold.how === 'goes' && fates[index]?.what === 'lost');
  const stops = fates.find(({ what }) => what === 'stops');
  const lost = fates[goes] ?? fates.find(({ what }) => what === 'lost');
  if (stops !== undefined && !(goes >= 0 && fates[goes]?.because === stops.because)) return stops;
  return lost ?? { what: 'stays' };
}

/** @param isColumn a column of a table's row type keeps that table from being rewritten; a function does not */
function ofHydras({ on, how }: Hold, path: MigrationPath, isColumn: boolean): ForeignFate {
  if (on === undefined) return { what: 'stays' };
  const { kind, table, name } = on;
  const isType = kind === 'type';
  const fate = path.fateOf({ kind: isType ? 'table' : kind, table, name });
  if (fate === undefined) return isType && isColumn ? ofRowType(table, path) : { what: 'stays' };
  const because = `${table}${name === '' || isGone(table, path, fate) ? '' : `, ${kind} ${name}`} (migration ${fate.migration})`;
  if (fate.how === 'changed') return { what: 'stays' };
  if (how === 'goes' || fate.how === 'cascade') return { what: 'lost', because };
  return { what: 'stops', because };
}

function isGone(table: string, path: MigrationPath, fate: Fate): boolean {
  return path.fateOf({ kind: 'table', table, name: '' })?.at === fate.at;
}

function ofRowType(table: string, path: MigrationPath): ForeignFate {
  const migration = path.fills(table);
  return migration === undefined
    ? { what: 'stays' }
    : { what: 'stops', because: `${table}, rewritten (migration ${migration})` };
}

function toFinding(object: ForeignObject, fate: ForeignFate, all: readonly ForeignObject[]): readonly CatalogFinding[] {
  const { kind, name, onTable, make } = object;
  const told = `${kind} ${name}${onTable === null ? '' : ` on ${onTable}`}`;
  const again = make ?? `make it again as it was: ${kind} ${name}`;
  if (fate.what === 'stays') {
    return [noted('harmless', told, 'green has it as blue does', 'look that this is meant')];
  }
  if (fate.what === 'lost') {
    const lost = noted('lost', told, `goes with ${fate.because}`, `on green, afterwards: ${again}`);
    return [{ ...lost, ...(make !== null && { again: [make] }) }];
  }
  const tree = dependents(object, all);
  const adaptation = {
    statements: tree.map((one) => one.drop),
    again: [...tree].reverse().map((one) => one.make ?? `-- ${one.kind} ${one.name}`),
  };
  const canAdapt = tree.every(({ droppable, kind: one }) => droppable && ADAPTABLE.includes(one));
  const finding = {
    class: 'stops',
    object: told,
    why: `depends on ${fate.because}, which the migration drops or changes`,
    fix: canAdapt
      ? `on green, afterwards, for green's tables: ${again}`
      : `${tree.map((one) => one.drop).join('; ')}; make it again on green, for green's tables`,
    refuses: !canAdapt,
  } as const;
  return [canAdapt ? { ...finding, adaptation } : finding];
}

/** What holds no data of its own, so that a copy may do without it and the statement that makes it says all. */
const ADAPTABLE: readonly string[] = [
  'view',
  // Of a materialized view of theirs.
  'index',
  'function',
  'constraint',
  'policy',
  'trigger',
  'statistics',
  'publication',
];

/** The object after everything that hangs on it, in the order in which they can be dropped. */
function dependents(
  object: ForeignObject,
  all: readonly ForeignObject[],
  seen = new Set<string>(),
): readonly ForeignObject[] {
  if (seen.has(object.id)) return [];
  seen.add(object.id);
  // What would go with it, too: it is made again by a statement of its own.
  const above = all.filter(({ holds }) => holds.some((hold) => hold.object === object.id));
  return [...above.flatMap((one) => dependents(one, all, seen)), object];
}
