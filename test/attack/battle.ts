import { type Client } from 'pg';
import { type Attacker, type Battlefield } from './battlefield';
import { SPY_SQL } from './spy';

/** What an attack must not do, and did. */
export class AttackSucceeded extends Error {}

/** Everything that says whether somebody got what is ours: roles and their rights, our objects, our decisions. */
const OURS_SQL = `
  SELECT jsonb_build_object(
    'roles', (SELECT jsonb_agg(to_jsonb(a) ORDER BY a.rolname) FROM pg_authid a),
    'members', (SELECT jsonb_agg(to_jsonb(m) - 'oid' ORDER BY m.roleid, m.member, m.grantor) FROM pg_auth_members m),
    'schemas', (SELECT jsonb_agg(to_jsonb(n) ORDER BY n.nspname) FROM pg_namespace n WHERE nspname ^@ 'hydra_cutover'),
    'functions', (SELECT jsonb_agg(to_jsonb(p) ORDER BY p.oid) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                   WHERE n.nspname ^@ 'hydra_cutover'),
    'relations', (SELECT jsonb_agg(jsonb_build_array(c.relname, c.relowner, c.relacl, c.relkind) ORDER BY c.oid) FROM pg_class c
                    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname ^@ 'hydra_cutover'))`;

/** One copy of the database, in which one attack is tried. */
export class Battle {
  #before = '';
  readonly #databases: string[];

  constructor(
    readonly field: Battlefield,
    readonly database: string,
  ) {
    this.#databases = [database];
  }

  async begin(): Promise<void> {
    await this.asSuperuser(SPY_SQL);
    this.#before = await this.#ours();
  }

  /** A green beside this blue, in which attackers may plant too. */
  async withGreen(): Promise<string> {
    const green = `${this.database}_green`;
    await this.field.copy(await this.field.greenTemplate(), green);
    this.#databases.push(green);
    await this.field.cluster.asSuperuser(SPY_SQL, green);
    return green;
  }

  /** What was made on purpose since the beginning is no booty. */
  async accept(): Promise<void> {
    this.#before = await this.#ours();
  }

  as(attacker: Attacker): Promise<Client> {
    return this.field.connect(this.database, attacker);
  }

  ours(user?: string, password?: string): Promise<Client> {
    return this.field.connectOurs(this.database, user, password);
  }

  asSuperuser(sql: string): Promise<void> {
    return this.field.cluster.asSuperuser(sql, this.database);
  }

  /** By a superuser, who sees everything and whom no attack reaches. */
  async ask<Row>(sql: string): Promise<Row[]> {
    const rows = await this.field.cluster.askSuperuser(sql, this.database);
    return rows as Row[];
  }

  /** @throws AttackSucceeded when planted code ran as one of our roles, or something of ours is not as it was */
  async assertHeld(): Promise<void> {
    for (const database of this.#databases) {
      const [spy] = (await this.field.cluster.askSuperuser(
        `SELECT is_called AS ran, pg_get_userbyid(last_value::oid) AS as FROM spy.ran_as`,
        database,
      )) as { ran: boolean; as: string }[];
      if (spy?.ran === true) throw new AttackSucceeded(`planted code ran as ${spy.as}`);
    }
    if ((await this.#ours()) !== this.#before) throw new AttackSucceeded('roles or objects of ours were changed');
  }

  async end(): Promise<void> {
    await this.field.disconnect();
    for (const database of this.#databases)
      await this.field.cluster.asSuperuser(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
  }

  async #ours(): Promise<string> {
    const [row] = await this.ask<{ ours: unknown }>(`SELECT (${OURS_SQL})::text AS ours`);
    return String(row?.ours);
  }
}

/** @returns what the server said @throws AttackSucceeded when it did it */
export async function refused(client: Client, sql: string, codes: readonly string[] = ['42501']): Promise<string> {
  try {
    await client.query(sql);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (codes.includes(code)) return `refused: ${(error as Error).message}`;
    throw error;
  }
  throw new AttackSucceeded(`the server did it: ${sql}`);
}

/** @throws AttackSucceeded when nobody is told */
export function named(told: readonly string[], what: RegExp): string {
  const found = told.find((line) => what.test(line));
  if (found !== undefined) return `named: ${found}`;
  throw new AttackSucceeded(`nobody is told of it: ${JSON.stringify(told)} has nothing like ${String(what)}`);
}
