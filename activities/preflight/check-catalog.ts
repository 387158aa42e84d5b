import { type SqlClient } from '../../domain/ports/sql-client';
import { type PlannedObject } from '../../domain/receipts';
import { type CutoverSettings } from '../../domain/settings';
import { type CatalogFinding, inspectCatalog } from '../../hydra/catalog';
import { type Findings } from './findings';

/** A plan is read by a person and kept in a history. */
const PLANNED_MAX = 200;
const STATEMENT_CHARACTERS = 1_000;

/**
 * Holds blue's whole catalog against a fresh database of the same Hydra and against what the pending migrations do to it.
 *
 * @returns what the plan tells, worst first: what is adapted on green, lost there, changed, or harmless
 */
export async function checkCatalog(
  client: SqlClient,
  settings: CutoverSettings,
  findings: Findings,
): Promise<readonly PlannedObject[]> {
  const { blue, green } = settings.hydraVersion;
  const found = await inspectCatalog(client, { schema: settings.hydraSchema, from: blue, to: green });
  for (const one of found) report(one, findings);
  const told = found.filter(({ refuses }) => !refuses);
  const planned = told.slice(0, PLANNED_MAX).map(toPlanned);
  // What is done to green is never left out: a person approves it by name.
  const adapted = told.slice(PLANNED_MAX).filter(({ adaptation }) => adaptation !== undefined);
  return [...planned, ...adapted.map(toPlanned)];
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
