import { type Catalog, compareCatalogs, readCatalog } from '../../hydra/in-place/catalog';
import { type KeptRun } from '../../hydra/in-place/keep-plan';
import { type Findings } from '../preflight/findings';
import { type StepContext } from '../step';
import { type InPlaceDeps } from './deps';
import { onLive } from './prepare-live';
import { type VendorPlan } from './read-vendor-plan';

/** The bookkeeping of all Hydras: its rows are compared, not how an older program made the table. */
const BOOKKEEPING = /^(table|column|index|constraint|sequence) (schema_migration|hydra_\w+_migration)/;
const SHOWN_MAX = 10;

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
  const found = await onLive(deps, context, (client) => readCatalog(client, schema));
  const goesOn = kept?.begunAt != null;
  if (!goesOn && isDone(found, before, after)) {
    findings.problem(`schema ${schema}`, `is that of Hydra ${to} already`, 'there is nothing left to do in place');
    return;
  }
  tellBookkeeping(found, { schema, to }, goesOn, findings);
  const differing = compareCatalogs(before, found, (object) => BOOKKEEPING.test(object));
  for (const { object, expected, found: is } of differing.slice(0, SHOWN_MAX)) {
    if (goesOn && (is === undefined || is === after[object] || object in after)) continue;
    if (is?.endsWith(' INVALID') === true) {
      findings.warn(object, 'is INVALID: an earlier build of it broke off', 'it is dropped and built anew, or drop it');
    } else if (expected === undefined) {
      tellForeign(object, is ?? '', { before, after, from, to }, findings);
    } else if (object.startsWith('index ') && is !== undefined) {
      findings.warn(object, `is "${is}" instead of "${expected}"`, 'it is made as the new version wants it');
    } else {
      findings.problem(
        object,
        is === undefined ? 'is missing' : `is "${is}"`,
        `bring it to what migrate sql of Hydra ${from} makes, or find out who changed it`,
        expected,
      );
    }
  }
  if (differing.length > SHOWN_MAX) {
    findings.warn(`schema ${schema}`, `${differing.length - SHOWN_MAX} more objects differ`, 'look at these first');
  }
}

function isDone(found: Catalog, before: Catalog, after: Catalog): boolean {
  const added = Object.keys(after).filter((object) => !(object in before) && !BOOKKEEPING.test(object));
  return added.length > 0 && added.every((object) => object in found);
}

interface Versions {
  readonly before: Catalog;
  readonly after: Catalog;
  readonly from: string;
  readonly to: string;
}

function tellForeign(object: string, is: string, { before, after, from, to }: Versions, findings: Findings): void {
  const [kind, name = ''] = object.split(' ');
  const [table = ''] = name.split('.');
  const isOfHydra = `table ${table}` in before;
  if (object in after) {
    findings.problem(
      object,
      `is of Hydra ${to}, and no run of ours made it`,
      'somebody began to migrate by hand: drop it if nothing is in it, then look again',
    );
  } else if (kind === 'column' && isOfHydra) {
    findings.problem(
      object,
      'is a column that no Hydra knows: the old version fails at a row with more columns than it expects',
      `move it to a table of your own and drop it; Hydra ${from} and ${to} read whole rows`,
    );
  } else if (kind !== 'column') {
    findings.warn(object, `is none of Hydra's (${is})`, 'it stays as it is');
  }
}

/** A new `migrate sql` that somebody answered with "n" has turned the bookkeeping over all the same. */
function tellBookkeeping(
  found: Catalog,
  { schema, to }: { readonly schema: string; readonly to: string },
  goesOn: boolean,
  findings: Findings,
): void {
  if (goesOn || !('table schema_migration' in found)) return;
  findings.warn(
    `table ${schema}.schema_migration`,
    `is there: somebody ran migrate sql of Hydra ${to} and did not let it go on; that turns the bookkeeping over in any case`,
    'what is missing in it is entered; start no migrate sql of the old version any more (an init container, say): it would begin anew',
  );
}
