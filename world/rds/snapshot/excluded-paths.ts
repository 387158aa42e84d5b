/** Folders whose contents are rebuilt at start; the folders themselves must be there. */
const EMPTIED = [
  'pg_wal',
  'pg_replslot',
  'pg_dynshmem',
  'pg_notify',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
];
const LEFT_OUT = [
  'postmaster.pid',
  'postmaster.opts',
  'postgresql.auto.conf.tmp',
  'current_logfiles',
  'backup_label',
  'backup_label.old',
  'tablespace_map',
  'tablespace_map.old',
  'backup_manifest',
];

/**
 * Whether a snapshot leaves a path out.
 * @param path relative to the data folder, with `/`
 * Source: PostgreSQL manual, "Making a Base Backup Using the Low Level API", "Backing Up the Data Directory".
 */
export function isExcludedFromSnapshot(path: string): boolean {
  const [top = '', ...below] = path.split('/');
  const name = below.at(-1) ?? top;
  if (name.startsWith('pgsql_tmp') || name.startsWith('pg_internal.init')) return true;
  if (below.length === 0) return LEFT_OUT.includes(top);
  if (top === 'pg_wal') return true;
  return EMPTIED.includes(top);
}
