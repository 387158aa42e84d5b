import { CutoverFault } from '../../domain/faults';

/**
 * Of the schema `hydra_cutover`: its tables and what its functions are called with and answer. One more with every change of these.
 * What was made before it had a version counts as 0.
 */
export const SCHEMA_VERSION = 5;

/** Older ones that this program reads and calls as they are. */
const ADOPTED: readonly number[] = [];

/** SQL: the version that a run row says, also of a table that has no such column. @param run name of the row */
export function schemaVersionSql(run: string): string {
  return `coalesce((to_jsonb(${run}) ->> 'schema_version')::integer, 0)`;
}

/** What a run row says of itself, as far as it decides who may go on with it. */
export interface VersionedRun {
  readonly cutoverId: string;
  readonly schemaVersion: number;
}

/**
 * A schema is left alone by a program that does not know it: what it would read might mean something else, and what it would call
 * might do something else.
 *
 * @throws CutoverFault SCHEMA_VERSION
 */
export function assertSchemaVersion({ cutoverId, schemaVersion }: VersionedRun): void {
  if (schemaVersion === SCHEMA_VERSION || ADOPTED.includes(schemaVersion)) return;
  const isNewer = schemaVersion > SCHEMA_VERSION;
  throw new CutoverFault(
    'SCHEMA_VERSION',
    `schema hydra_cutover of cutover ${cutoverId} was made by ${isNewer ? 'a newer' : 'an older'} hydra-cutover: version ${schemaVersion}, ` +
      `allowed: ${[...ADOPTED, SCHEMA_VERSION].join(', ')}; nothing was changed. ` +
      (isNewer
        ? 'Use the version that began that cutover, or a later one'
        : 'Bring that cutover to its end with the version that began it, by its gates, `cancel` or `repair`, and begin the next one with this version'),
    { cutoverId, schemaVersion },
  );
}
