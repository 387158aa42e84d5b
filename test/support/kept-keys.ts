import { createHash } from 'node:crypto';
import { type Client, type ClientConfig } from 'pg';
import { withSession } from '../../world/net/with-session';
import { sharedServers } from './shared-servers';

/** Of the shared server; the global set-up makes it. */
export const KEPT_KEYS_DATABASE = 'kept_keys';
export const KEPT_KEYS_TABLE =
  'CREATE TABLE kept (owner text, sid text, kid text, version int, keydata text, UNIQUE (owner, sid, kid))';
/** What nobody can look at any more is not kept. */
const LOOK_MS = 2_000;

interface Key {
  readonly sid: string;
  readonly kid: string;
  readonly version: number;
  readonly keydata: string;
}

/**
 * The signing keys of all test Hydras of one version with one secret, which encrypts them. A Hydra whose database has none makes RSA
 * keys, which takes a core for seconds; of one that was stopped they are kept for the next.
 */
export class KeptKeys {
  readonly #owner: string;
  /** Whether all keys of its database are of its own version: those of a copy are an older one's. */
  #areItsOwn = false;

  /** @param database of the Hydra, migrated */
  constructor(
    private readonly database: ClientConfig,
    version: string,
    secretsSystem: string,
  ) {
    this.#owner = `${version} ${createHash('sha256').update(secretsSystem).digest('hex')}`;
  }

  /** Before its start: to a database without keys. */
  async give(): Promise<void> {
    const kept = await asKeeper(async (keeper) => {
      const sql = 'SELECT sid, kid, version, keydata FROM kept WHERE owner = $1';
      return (await keeper.query<Key>(sql, [this.#owner])).rows;
    });
    await withSession(this.database, async (hydra) => {
      if ((await hydra.query('SELECT FROM hydra_jwk LIMIT 1')).rows.length > 0) return;
      this.#areItsOwn = true;
      if (kept.length === 0) return;
      const { rows } = await hydra.query<{ of2: boolean }>(
        `SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'hydra_jwk'::regclass AND attname = 'nid') AS of2`,
      );
      const [columns, values] =
        rows[0]?.of2 === true ? [', nid, pk', ', (SELECT id FROM networks), gen_random_uuid()'] : ['', ''];
      await hydra.query(
        `INSERT INTO hydra_jwk (sid, kid, version, keydata${columns})
         SELECT sid, kid, version, keydata${values} FROM jsonb_to_recordset($1) AS kept (sid text, kid text, version int, keydata text)`,
        [JSON.stringify(kept)],
      );
    });
  }

  /** After its end. A database that is away by then, or does not answer, keeps its keys to itself. */
  async keep(): Promise<void> {
    if (!this.#areItsOwn) return;
    const look = { ...this.database, connectionTimeoutMillis: LOOK_MS, query_timeout: LOOK_MS };
    const sql = `SELECT sid, kid, version, keydata FROM hydra_jwk WHERE sid LIKE 'hydra.%'`;
    const made = await withSession(look, (hydra) => hydra.query<Key>(sql)).catch(() => undefined);
    if (made === undefined) return;
    await asKeeper((keeper) =>
      keeper.query(
        `INSERT INTO kept
         SELECT $1, made.* FROM jsonb_to_recordset($2) AS made (sid text, kid text, version int, keydata text)
          WHERE NOT EXISTS (SELECT FROM kept k WHERE k.owner = $1 AND k.sid = made.sid) ON CONFLICT DO NOTHING`,
        [this.#owner, JSON.stringify(made.rows)],
      ),
    );
  }
}

function asKeeper<T>(work: (keeper: Client) => Promise<T>): Promise<T> {
  return withSession({ ...sharedServers().postgres, database: KEPT_KEYS_DATABASE }, work);
}
