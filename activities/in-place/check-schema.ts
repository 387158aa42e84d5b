import { compareFacts, type Fact, type FactDifference, type FactKind, factsByKey, hasTable, keyOf, readFacts, tell } from '../../hydra/catalog'; // prettier-ignore
import { type KeptRun } from '../../hydra/in-place/keep-plan';
import { OWN_BOOKKEEPING } from '../../hydra/in-place/own-bookkeeping';
import { Findings } from '../preflight/findings';
import { type StepContext } from '../step';
import { type InPlaceDeps } from './deps';
import { onLive } from './prepare-live';
import { type VendorPlan } from './read-vendor-plan';

/** The bookkeeping of all Hydras: its rows are compared, not how an older program made the table. */
const isBookkeeping = ({ table }: { readonly table: string }) =>
  table.startsWith('schema_migration') || OWN_BOOKKEEPING.includes(table);
const INVALID = ', invalid';
/** What an act that is not done yet makes for itself. */
const IN_BETWEEN = 'hydra_cutover_';
const WARNED_MAX = 10;
const DEFINITION_MAX = 160;

interface Known {
  readonly vendor: Pick<VendorPlan, 'before' | 'after'>;
  readonly kept: KeptRun | undefined;
}

/**
 * The schema is what the old version's own `migrate sql` makes; or, of a run that goes on, what lies between that and the new version's.
 * What others have in it is told, and stays.
 */
export async function checkSchema(
  deps: InPlaceDeps,
  context: StepContext,
  { vendor: { before, after }, kept }: Known,
  findings: Findings,
): Promise<void> {
  const { schema, from, to } = deps.settings;
  const found = await onLive(deps, context, (client) => readFacts(client, schema));
  const goesOn = kept?.begunAt != null;
  if (!goesOn && isDone(found, before, after)) {
    findings.problem(
      `schema ${schema}`,
      `is that of Hydra ${to} already`,
      `there is nothing left to do in place: Hydra ${from} cannot serve on it, let ${to} take its place now`,
    );
    return;
  }
  tellBookkeeping(found, { schema, to }, goesOn, findings);
  const wanted = factsByKey(after);
  const all = compareFacts(before, found).filter((one) => !isBookkeeping(one));
  const isOurs = (one: FactDifference) =>
    one.found === undefined || wanted.has(keyOf(one)) || one.name.startsWith(IN_BETWEEN);
  const differing = withoutParts(all).filter((one) => !(goesOn && isOurs(one)));
  const versions = { before, from, to };
  const told = new Findings();
  for (const one of differing) {
    const becomes = wanted.get(keyOf(one))?.definition;
    if (one.kind === 'index' && one.found !== undefined) tellIndex(one, becomes, versions, told);
    else if (one.expected === undefined) tellForeign(one, becomes, versions, told);
    else tellChanged(one, versions, told);
  }
  // What others have may be plenty; what stands in the way must not be hidden behind it.
  findings.problems.push(...told.problems);
  findings.warnings.push(...told.warnings.slice(0, WARNED_MAX));
  const more = told.warnings.length - WARNED_MAX;
  if (more > 0)
    findings.warn(`schema ${schema}`, `${more} more objects differ without standing in the way`, 'they stay');
}

interface Versions {
  readonly before: readonly Fact[];
  readonly from: string;
  readonly to: string;
}

function isDone(found: readonly Fact[], before: readonly Fact[], after: readonly Fact[]): boolean {
  const added = compareFacts(before, after).filter((one) => one.expected === undefined && !isBookkeeping(one));
  const there = factsByKey(found);
  return added.length > 0 && added.every((one) => there.has(keyOf(one)));
}

/** Of a table or a column that is there besides, or is missing, nothing more needs to be said. */
function withoutParts(all: readonly FactDifference[]): FactDifference[] {
  const whole = new Set(
    all.flatMap((one) => (one.expected === undefined || one.found === undefined ? [keyOf(one)] : [])),
  );
  return all.filter((one) => {
    if (one.name === '') return true;
    if (whole.has(keyOf({ kind: 'table', table: one.table, name: '' }))) return false;
    return !(isOfColumn(one) && whole.has(keyOf({ ...one, kind: 'column' })));
  });
}

function isOfColumn({ kind }: FactDifference): boolean {
  return kind === 'not null' || kind === 'default';
}

const MAY_REFUSE = 'what the new version writes may be refused by it, and every request with it';

/** What others have at a table of Hydra's and what cannot stay, by kind. */
const REFUSED: Readonly<Partial<Record<FactKind, string>>> = {
  constraint: MAY_REFUSE,
  rule: 'it changes what is read and written, below the views as well',
  inheritance: "rows of another table are read as this one's, and a statement on either locks both",
  subscription: 'somebody else writes to it, who does not know the new columns',
};

/** What is good to know of what stays. */
const STAYS: Readonly<Partial<Record<FactKind, string>>> = {
  trigger:
    'it stays, and fires for what either version writes: look that what it calls goes by names of columns, for rows as a whole get longer',
};

function isUnique(definition: string): boolean {
  return definition.startsWith('CREATE UNIQUE');
}

/** @param becomes how the new version has the index; undefined: it has none */
function tellIndex(
  one: FactDifference,
  becomes: string | undefined,
  { before, from }: Versions,
  findings: Findings,
): void {
  const { expected, found = '', name, table } = one;
  const isInvalid = found.endsWith(INVALID);
  const isUntouched = expected !== undefined && expected === becomes;
  if (isUntouched) {
    findings.problem(
      tell(one),
      isInvalid ? 'is INVALID' : `is "${short(found)}"`,
      isInvalid
        ? `REINDEX INDEX CONCURRENTLY ${name}; the migration does not touch it`
        : `make it as migrate sql of Hydra ${from} does; the migration does not touch it`,
      expected,
    );
  } else if (expected === undefined && becomes === undefined && isUnique(found) && hasTable(before, table)) {
    findings.problem(
      tell(one),
      `is none of Hydra's (${short(found)}): ${MAY_REFUSE}`,
      `DROP INDEX CONCURRENTLY ${name}`,
    );
  } else if (expected === undefined && becomes === undefined) {
    findings.warn(tell(one), `is none of Hydra's (${short(found)})`, 'it stays as it is');
  } else if (isInvalid) {
    findings.warn(tell(one), 'is INVALID: an earlier build of it broke off', 'it is dropped and built anew');
  } else if (expected === undefined) {
    findings.warn(tell(one), 'is there already', 'it is taken if it has the right columns, else the run stops there');
  } else {
    findings.warn(tell(one), `is "${short(found)}" instead of "${expected}"`, 'it is made as the new version wants it');
  }
}

/** @param becomes how the new version has it; undefined: it has none */
function tellForeign(
  one: FactDifference,
  becomes: string | undefined,
  { before, from, to }: Versions,
  findings: Findings,
): void {
  if (becomes !== undefined) {
    findings.problem(
      tell(one),
      `is of Hydra ${to}, and no run of ours made it`,
      'somebody began to migrate by hand: drop it if nothing is in it, then look again',
    );
  } else if (one.kind === 'column' && hasTable(before, one.table)) {
    findings.problem(
      tell(one),
      'is a column that no Hydra knows: the old version fails at a row with more columns than it expects',
      `move it to a table of your own and drop it; Hydra ${from} and ${to} read whole rows`,
    );
  } else if (isOfColumn(one) && hasTable(before, one.table)) {
    findings.problem(tell(one), `is ${one.found ?? ''}`, `take it away: migrate sql of Hydra ${from} makes none`);
  } else if (one.kind === 'row security' && one.found === 'forced') {
    findings.problem(
      tell(one),
      'is forced on the owner: what its policies say of a role or a setting may hide rows from the new version, and from the migration',
      `ALTER TABLE ${one.table} NO FORCE ROW LEVEL SECURITY until the old version is gone; both versions act as the owner`,
    );
  } else if (REFUSED[one.kind] !== undefined && hasTable(before, one.table)) {
    const observed = `is none of Hydra's${one.found ? ` (${short(one.found)})` : ''}: ${REFUSED[one.kind]}`;
    findings.problem(
      tell(one),
      observed,
      `take it away, or find out who needs it: migrate sql of Hydra ${from} makes none`,
    );
  } else {
    const observed = `is none of Hydra's${one.found ? ` (${short(one.found)})` : ''}`;
    findings.warn(tell(one), observed, STAYS[one.kind] ?? 'it stays as it is');
  }
}

function tellChanged(one: FactDifference, { from }: Versions, findings: Findings): void {
  findings.problem(
    tell(one),
    one.found === undefined ? 'is missing' : `is "${short(one.found)}"`,
    `bring it to what migrate sql of Hydra ${from} makes, or find out who changed it`,
    one.expected === undefined || one.expected === '' ? undefined : one.expected,
  );
}

function short(definition: string): string {
  const line = definition.replaceAll(/\s+/g, ' ');
  return line.length > DEFINITION_MAX ? `${line.slice(0, DEFINITION_MAX)}…` : line;
}

/** A new `migrate sql` that somebody answered with "n" has turned the bookkeeping over all the same. */
function tellBookkeeping(
  found: readonly Fact[],
  { schema, to }: { readonly schema: string; readonly to: string },
  goesOn: boolean,
  findings: Findings,
): void {
  if (goesOn || !hasTable(found, 'schema_migration')) return;
  findings.warn(
    `table ${schema}.schema_migration`,
    `is there: somebody ran migrate sql of Hydra ${to} and did not let it go on; that turns the bookkeeping over in any case`,
    'what is missing in it is entered; start no migrate sql of the old version any more (an init container, say): it would begin anew',
  );
}
