import { asAdmin } from './database';

/** Roles of the shared server as the printed script makes those of a run: without a password. */
export async function makeRunRoles(names: readonly string[], actedBy?: string): Promise<void> {
  for (const name of names) {
    await asAdmin(`CREATE ROLE "${name}" LOGIN NOINHERIT`);
    if (actedBy !== undefined) await asAdmin(`GRANT "${name}" TO "${actedBy}"`);
  }
}

/** Behind the databases in which they were granted anything. */
export async function dropRunRoles(names: readonly string[]): Promise<void> {
  for (const name of names) await asAdmin(`DROP ROLE IF EXISTS "${name}"`);
}
