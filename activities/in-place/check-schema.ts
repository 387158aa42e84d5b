import { compareFacts, type Fact, type FactDifference, factsByKey, hasTable, keyOf, readFacts, tell } from '../../hydra/catalog'; // prettier-ignore
import { type KeptRun } from '../../hydra/in-place/keep-plan';
import { type Findings } from '../preflight/findings';
import { type StepContext } from '../step';
import { type InPlaceDeps } from './deps';
import { onLive } from './prepare-live';
import { type VendorPlan } from './read-vendor-plan';

/** The bookkeeping of all Hydras: its rows are compared, not how an older program made the table. */
const BOOKKEEPING = /^(schema_migration|hydra_\w+_migration)/;
const INVALID = ', invalid';
const SHOWN_MAX = 10;
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
    findings.problem(`schema ${schema}`, `is that of Hydra ${to} already`, 'there is nothing left to do in place');
    return;
  }
  tellBookkeeping(found, { schema, to }, goesOn, findings);
  const wanted = factsByKey(after);
  const all = compareFacts(before, found).filter(({ table }) => !BOOKKEEPING.test(table));
  const differing = withoutParts(all).filter((one) => !(goesOn && (one.found === undefined || wanted.has(keyOf(one)))));
  const versions = { before, from, to };
  for (const one of differing.slice(0, SHOWN_MAX)) {
    const becomes = wanted.get(keyOf(one))?.definition;
    if (one.kind === 'index' && one.found !== undefined) tellIndex(one, becomes, versions, findings);
    else if (one.expected === undefined) tellForeign(one, becomes, versions, findings);
    else tellChanged(one, versions, findings);
  }
  if (differing.length > SHOWN_MAX) {
    findings.warn(`schema ${schema}`, `${differing.length - SHOWN_MAX} more objects differ`, 'look at these first');
  }
}

interface Versions {
  readonly before: readonly Fact[];
  readonly from: string;
  readonly to: string;
}

function isDone(found: readonly Fact[], before: readonly Fact[], after: readonly Fact[]): boolean {
  const added = compareFacts(before, after).filter(
    ({ expected, table }) => expected === undefined && !BOOKKEEPING.test(table),
  );
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

/** @param becomes how the new version has the index; undefined: it has none */
function tellIndex(one: FactDifference, becomes: string | undefined, { from }: Versions, findings: Findings): void {
  const { expected, found = '', name } = one;
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
  } else {
    findings.warn(tell(one), `is none of Hydra's${one.found ? ` (${short(one.found)})` : ''}`, 'it stays as it is');
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
  return definition.length > DEFINITION_MAX ? `${definition.slice(0, DEFINITION_MAX)}…` : definition;
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
