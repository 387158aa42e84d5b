import { type MigrationFacts } from './migrations';

/** Digits of a version in the bookkeeping of old 1.x. */
const LEGACY_DIGITS = 14;

/**
 * Rows of `schema_migration` with these versions make a newer Hydra skip migrations that this one never had: the bookkeeping of old
 * 1.x knows the first 14 digits alone, and a newer Hydra takes such a row for every version that begins so.
 *
 * Source: ory/x, popx/migrator.go, UpTo.
 */
export function hidingVersions(from: MigrationFacts, to: MigrationFacts): readonly string[] {
  const known = new Set(from.versions);
  const pending = to.versions.filter((version) => !known.has(version));
  return [...new Set(pending.map((version) => version.slice(0, LEGACY_DIGITS)))];
}
