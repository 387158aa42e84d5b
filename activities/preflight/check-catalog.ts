import { type SupportedHydraVersion } from '../../domain/hydra-versions';
import { queryRows, type SqlClient } from '../../domain/ports/sql-client';
import { type PlannedObject } from '../../domain/receipts';
import { type CutoverSettings } from '../../domain/settings';
import { type CatalogFinding, inspectCatalog, unknownColumns } from '../../hydra/catalog';
import { copyPathOf } from '../../hydra/paths';
import { HYDRA_VERSION_FACTS } from '../../hydra/versions';
import { type Keeper } from './check-server';
import { type Findings } from './findings';

/** A plan is read by a person and kept in a history. */
const PLANNED_MAX = 200;
const STATEMENT_CHARACTERS = 1_000;

/** A unique key that blue lacks, and what makes it on green. */
export interface KeyMadeAgain {
  readonly object: string;
  readonly table: string;
  /** As SQL. */
  readonly columns: string;
  readonly statements: readonly string[];
}

interface CatalogOfBlue {
  readonly planned: readonly PlannedObject[];
  readonly keysMadeAgain: readonly KeyMadeAgain[];
}

/**
 * Holds blue's whole catalog against a fresh database of the same Hydra and against what the pending migrations do to it.
 *
 * @returns what the plan tells, worst first: what is adapted on green, lost there, changed, or harmless; and the unique keys that green is
 *   given again
 */
export async function checkCatalog(
  client: SqlClient,
  keeper: Keeper,
  settings: CutoverSettings,
  findings: Findings,
): Promise<CatalogOfBlue> {
  const { blue, green } = settings.hydraVersion;
  // Whoever looks here: green has blue's roles.
  const adapter = settings.workerRoles?.green ?? keeper.user;
  const found = await inspectCatalog(client, { schema: settings.hydraSchema, from: blue, to: green, adapter });
  for (const one of found) report(one, findings);
  for (const column of unknownColumns(copyPathOf(settings.hydraVersion))) {
    const fix = 'nobody would notice what it lacks: use a hydra-cutover that knows it';
    findings.problem(`what was recorded of Hydra ${green}`, `column ${column} is filled by nothing`, fix, 'none');
  }
  await checkExtensions(client, green, findings);
  const told = found.filter(({ refuses }) => !refuses);
  const planned = told.slice(0, PLANNED_MAX).map(toPlanned);
  // What is done to green is never left out: a person approves it by name.
  const adapted = told.slice(PLANNED_MAX).filter(({ adaptation }) => adaptation !== undefined);
  const keysMadeAgain = found.flatMap(({ object, adaptation }): KeyMadeAgain[] =>
    adaptation?.unique === undefined ? [] : [{ object, statements: adaptation.statements, ...adaptation.unique }],
  );
  return { planned: [...planned, ...adapted.map(toPlanned)], keysMadeAgain };
}

/** The copy is on a server like blue's: what cannot be made here cannot be made there. */
async function checkExtensions(client: SqlClient, green: SupportedHydraVersion, findings: Findings): Promise<void> {
  const missing = await queryRows<{ name: string }>(
    client,
    'SELECT name FROM unnest($1::text[]) AS name EXCEPT SELECT name::text FROM pg_available_extensions',
    [HYDRA_VERSION_FACTS[green].extensions ?? []],
  );
  for (const { name } of missing) {
    const observed = `extension ${name} is not there, and the migrations of Hydra ${green} make it`;
    findings.problem("blue's server", observed, 'install it there and where green will be, or allow it');
  }
}

function report({ class: its, object, why, fix, refuses, adaptation }: CatalogFinding, findings: Findings): void {
  const where = `${object} on blue`;
  if (refuses) findings.problem(where, why, fix);
  else if (adaptation !== undefined) {
    findings.warn(
      where,
      `${why}; blue keeps it, and green is adapted before it is migrated`,
      short(adaptation.statements.join('; ')),
    );
  } else if (its !== 'harmless' || why.includes('copied once')) findings.warn(where, why, short(fix));
}

function toPlanned({ class: its, object, why, fix, adaptation }: CatalogFinding): PlannedObject {
  const onGreen = adaptation === undefined ? {} : { onGreen: adaptation.statements.map(short) };
  return { class: its, object, why: short(why), fix: short(fix), ...onGreen };
}

function short(text: string): string {
  return text.length > STATEMENT_CHARACTERS ? `${text.slice(0, STATEMENT_CHARACTERS)}…` : text;
}
