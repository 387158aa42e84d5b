import { type Block, type Fact } from '../page/page';
import { type MigrationCosts, type Report } from '../receipts';
import { answersFact } from './answers';
import { countText, durationText, fact, megabytes } from './words';

/** What the phases that prepare green leave behind. */
export type CopyReceipts = Pick<Report, 'clean' | 'migrate' | 'sync' | 'parity' | 'evidence' | 'answers'>;

/** What was carried to green, and how it compares. */
export function copyFacts({ migrate, sync, parity, evidence, answers }: CopyReceipts): readonly Fact[] {
  return [
    ...(migrate === null
      ? []
      : [
          fact('migration', `${migrate.applied} applied in ${durationText(migrate.durationMs)}`),
          ...(migrate.costs === undefined ? [] : [fact('what the migration cost', costsText(migrate.costs))]),
        ]),
    ...(sync === null
      ? []
      : [fact('sync', `${sync.rounds} rounds, ${sync.changes} changes, ${sync.rows} rows, ${sync.backlog} left`)]),
    ...(parity === null
      ? []
      : [
          fact(
            'parity of all rows',
            `${parity.rows} rows, ${parity.differences} differ`,
            parity.differences > 0 ? 'bad' : undefined,
          ),
        ]),
    ...(evidence === null && answers == null
      ? []
      : [answersFact("Hydra's answers before the commit", evidence?.answers ?? answers)]),
  ];
}

function costsText(costs: MigrationCosts): string {
  const { rowsInserted, rowsUpdated, rowsDeleted, tempBytes, commits, walBytes } = costs;
  return `${rowsUpdated} rows updated, ${rowsInserted} inserted, ${rowsDeleted} deleted; ${megabytes(walBytes)} of WAL, ${megabytes(tempBytes)} of temporary files, ${countText(commits, 'commit')}`;
}

export function cleanedBlock({ clean }: Pick<CopyReceipts, 'clean'>): Block {
  return {
    kind: 'table',
    title: 'Rows that were cleaned on green',
    head: ['rule', 'rows', 'archived'],
    rows: (clean?.rules ?? [])
      .filter(({ rows }) => rows > 0)
      .map(({ id, rows, archived }) => [id, String(rows), String(archived)]),
  };
}

export function migrationsBlock({ migrate }: Pick<CopyReceipts, 'migrate'>): Block {
  return {
    kind: 'table',
    title: 'Migrations that took longest',
    head: ['migration', 'took'],
    rows: (migrate?.slowest ?? []).map(({ migration, durationMs }) => [migration, durationText(durationMs)]),
  };
}
