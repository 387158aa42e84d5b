import { createHash } from 'node:crypto';

/** @returns the snapshot's name: deterministic, so that a repeat finds what the first try made */
export function snapshotIdOf(cutoverId: string): string {
  return `hydra-cutover-${cutoverId}`;
}

/** @returns the login role that migrates green; it exists while it does */
export function migrationRoleOf(cutoverId: string): string {
  return `hydra_cutover_migrate_${createHash('sha256').update(cutoverId).digest('hex').slice(0, 8)}`;
}
