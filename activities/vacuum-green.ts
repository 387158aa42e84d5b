import { queryRows } from '../domain/ports/sql-client';
import { type StepInput } from '../domain/steps';
import { whileBeating } from './support/while-beating';
import { withClosedRows } from './support/with-entered';
import { type Step } from './step';

/** Statistics and free space after a migration that wrote every row several times. One table at a time, the small ones first. */
export const vacuumGreen: Step<StepInput, void> = (deps, input, context) =>
  withClosedRows(deps, input, context, 'vacuum', async ({ copy }) => {
    const tables = await queryRows<{ name: string }>(
      copy,
      `SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = $1 AND c.relkind = 'r' ORDER BY c.relpages, c.relname`,
      [deps.settings.hydraSchema],
    );
    for (const [done, { name }] of tables.entries()) {
      const progress = { step: 'vacuuming', table: name, done, tables: tables.length };
      await whileBeating(
        context,
        () => progress,
        () => copy.query(`VACUUM (ANALYZE) ${name}`),
      );
    }
  });
