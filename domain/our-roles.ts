/**
 * Roles of PostgreSQL that a cutover needs besides the one that it logs in as: made ahead, by the script that `hydra-cutover privileges`
 * prints. Green is migrated and written as the last two, which have no password but while a run needs them.
 */
export const OUR_ROLES = {
  owner: 'hydra_cutover_owner',
  sync: 'hydra_cutover_sync',
  migration: 'hydra_cutover_migrate',
} as const;
