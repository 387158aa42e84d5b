import { queryRows, type SqlClient } from '../../domain/ports/sql-client';
import { type PlannedObject } from '../../domain/receipts';
import { type CatalogFinding, inspectCatalog, unknownColumns } from '../../hydra/catalog';
import { HYDRA_VERSION_FACTS } from '../../hydra/versions';
import { type Keeper } from './check-server';
import { type Findings } from './findings';
import { pathOfRun } from '../support/of-side';
import { type Direction } from '../../domain/sides';
import { type Configured } from '../step';

/** A plan is read by a person and kept in a history. */
const PLANNED_MAX = 200;
const STATEMENT_CHARACTERS = 1_000;

/** A unique key that the left side lacks, and what makes it on the copy. */
export interface KeyMadeAgain {
  readonly object: string;
  readonly table: string;
  /** As SQL. */
  readonly columns: string;
  readonly statements: readonly string[];
}

interface CatalogVerdict {
  readonly planned: readonly PlannedObject[];
  readonly keysMadeAgain: readonly KeyMadeAgain[];
}

/**
 * Holds the left side's whole catalog against a fresh database of the same Hydra and against what the pending migrations do to it.
 *
 * @returns what the plan tells, worst first: what is adapted on the copy, lost there, changed, or harmless; and the unique keys that the copy
 *   is given again
 */
export async function checkCatalog(
  client: SqlClient,
  keeper: Keeper,
  deps: Configured,
  findings: Findings,
): Promise<CatalogVerdict> {
  const { settings, direction } = deps;
  const [from, to] = [settings.hydraVersion[direction.from], settings.hydraVersion[direction.to]];
  // Whoever looks here: the copy has the left side's roles.
  const adapter = settings.workerRoles?.[direction.to] ?? keeper.user;
  const found = await inspectCatalog(client, { schema: settings.hydraSchema, from, to, adapter });
  for (const one of found) report(direction, one, findings);
  for (const column of unknownColumns(pathOfRun(deps))) {
    const fix = 'nobody would notice what it lacks: use a hydra-cutover that knows it';
    findings.problem(`what was recorded of Hydra ${to}`, `column ${column} is filled by nothing`, fix, 'none');
  }
  await checkExtensions(client, deps, findings);
  const told = found.filter(({ refuses }) => !refuses);
  const planned = told.slice(0, PLANNED_MAX).map(toPlanned);
  // What is done to the copy is never left out: a person approves it by name.
  const adapted = told.slice(PLANNED_MAX).filter(({ adaptation }) => adaptation !== undefined);
  const keysMadeAgain = found.flatMap(({ object, adaptation }): KeyMadeAgain[] =>
    adaptation?.unique === undefined ? [] : [{ object, statements: adaptation.statements, ...adaptation.unique }],
  );
  return { planned: [...planned, ...adapted.map(toPlanned)], keysMadeAgain };
}

/** The copy is on a server like the left side's: what cannot be made here cannot be made there. */
async function checkExtensions(
  client: SqlClient,
  { settings, direction: { from, to } }: Configured,
  findings: Findings,
): Promise<void> {
  const version = settings.hydraVersion[to];
  const missing = await queryRows<{ name: string }>(
    client,
    'SELECT name FROM unnest($1::text[]) AS name EXCEPT SELECT name::text FROM pg_available_extensions',
    [HYDRA_VERSION_FACTS[version].extensions ?? []],
  );
  for (const { name } of missing) {
    const observed = `extension ${name} is not there, and the migrations of Hydra ${version} make it`;
    findings.problem(`${from}'s server`, observed, `install it there and where ${to} will be, or allow it`);
  }
}

function report(
  { from, to }: Direction,
  { class: its, object, why, fix, refuses, adaptation }: CatalogFinding,
  findings: Findings,
): void {
  const where = `${object} on ${from}`;
  if (refuses) findings.problem(where, why, fix);
  else if (adaptation !== undefined) {
    findings.warn(
      where,
      `${why}; ${from} keeps it, and ${to} is adapted before it is migrated`,
      short(adaptation.statements.join('; ')),
    );
  } else if (its !== 'harmless' || why.includes('copied once')) findings.warn(where, why, short(fix));
}

function toPlanned({ class: its, object, why, fix, adaptation }: CatalogFinding): PlannedObject {
  const adapted = adaptation === undefined ? {} : { onGreen: adaptation.statements.map(short) };
  return { class: its, object, why: short(why), fix: short(fix), ...adapted };
}

function short(text: string): string {
  return text.length > STATEMENT_CHARACTERS ? `${text.slice(0, STATEMENT_CHARACTERS)}…` : text;
}
