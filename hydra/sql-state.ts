/**
 * What statements of ours may end with, and is decided by. Source: PostgreSQL manual, "PostgreSQL Error Codes"; class HC is that of our
 * own functions (`hydra/arbiter/*.sql`, `hydra/closing/*.sql`).
 */
export const SQL_STATES = {
  /** `statement_timeout` was over, or somebody canceled it. */
  canceled: '57014',
  lockNotAvailable: '55P03',
  deadlock: '40P01',
  uniqueViolation: '23505',
  duplicateSchema: '42P06',
  dependentObjects: '2BP01',
  duplicateTable: '42P07',
  noSuchSchema: '3F000',
  noSuchTable: '42P01',
  duplicateFunction: '42723',
  /** The guard refuses a write. */
  writeRefused: 'HC001',
  /** The copy is not the caller's to prepare. */
  notPreparing: 'HC003',
  /** Another cutover's arbiter is there. */
  notOurs: 'HC005',
  /** No arbiter is there: whoever else removes it has come to the end. */
  allGone: 'HC006',
  /** Something that is none of Hydra's was put on tables while a transaction wrote them. */
  plantedMeanwhile: 'HC007',
} as const;

/** @returns whether the server ended a statement with one of these */
export function hasSqlState(error: unknown, ...wanted: readonly (keyof typeof SQL_STATES)[]): error is Error {
  return error instanceof Error && 'code' in error && wanted.some((name) => SQL_STATES[name] === error.code);
}
