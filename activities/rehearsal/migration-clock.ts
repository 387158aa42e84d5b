import { type MigrationTime } from '../../domain/receipts';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';

/** So many are told. */
const SLOWEST = 10;
/** What is faster than a look cannot be told from its neighbours, and does not matter. */
const TOLD_FROM_MS = 1_000;

/**
 * Times migrations by looking at `schema_migration` while they run: each one commits together with its row there. As exact as the
 * looks are frequent; several that end between two of them are told together.
 */
export class MigrationClock {
  readonly #times: MigrationTime[] = [];
  readonly #known = new Set<string>();
  #since: number;

  constructor(known: readonly string[], nowMs: number) {
    for (const version of known) this.#known.add(version);
    this.#since = nowMs;
  }

  /** @param versions all that are applied now */
  look(versions: readonly string[], nowMs: number): void {
    const fresh = versions.filter((version) => !this.#known.has(version)).sort();
    const [first, last] = [fresh[0], fresh.at(-1)];
    if (first === undefined || last === undefined) return;
    for (const version of fresh) this.#known.add(version);
    this.#times.push({ migration: first === last ? first : `${first}..${last}`, durationMs: nowMs - this.#since });
    this.#since = nowMs;
  }

  /** The longest first. */
  slowest(): readonly MigrationTime[] {
    const told = this.#times.filter(({ durationMs }) => durationMs >= TOLD_FROM_MS);
    return told.sort((a, b) => b.durationMs - a.durationMs).slice(0, SLOWEST);
  }
}

export async function appliedVersions(client: SqlClient): Promise<readonly string[]> {
  const rows = await queryRows<{ version: string }>(client, 'SELECT version FROM schema_migration');
  return rows.map(({ version }) => version);
}
