import { type PostgresMajor } from '../../../../domain/postgres-majors';
import { type Fact } from '../../../../hydra/catalog/fact';
import { knownToServer } from '../../../support/postgres-major';

/** Something on blue that Hydra's migrations did not make, or made otherwise. */
export interface OddObject {
  readonly id: string;
  readonly table: string;
  readonly kind: string;
  readonly make: readonly string[];
  /** The first PostgreSQL that knows such a thing. */
  readonly since?: PostgresMajor;
  /** Text that says how the object is, and nothing where there is none. Absent: something of Hydra's own is missing or otherwise. */
  readonly probe?: string;
  /** What a finding about it begins with. */
  readonly found: string;
}

/** Made once before all objects: what they need of others. */
export const GROUND = `
  CREATE SCHEMA other; CREATE ROLE :reader;
  CREATE TABLE other.parent (id text PRIMARY KEY);
  CREATE FUNCTION other.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`;

/** With the role that reads, which is the server's and not the database's. */
export function named(odd: OddObject, reader: string): OddObject {
  const put = (text: string) => text.replaceAll(':reader', reader);
  const probe = odd.probe === undefined ? {} : { probe: put(odd.probe) };
  return { ...odd, make: odd.make.map(put), found: put(odd.found), ...probe };
}

/** Each kind of object on each table, by what the table has. */
export function oddObjects(fresh: readonly Fact[]): readonly OddObject[] {
  const tables = fresh.filter(({ kind }) => kind === 'table').map(({ table }) => table);
  const all = tables.flatMap((table) =>
    onTable(
      table,
      fresh.filter((fact) => fact.table === table),
    ),
  );
  return knownToServer(all);
}

function onTable(table: string, facts: readonly Fact[]): readonly OddObject[] {
  const columns = facts.filter(({ kind }) => kind === 'column');
  const texts = columns.filter(({ definition }) => /text|character/.test(definition));
  const [first, last] = [texts[0]?.name ?? '', texts.at(-1)?.name ?? ''];
  const two = [
    first,
    columns.find(({ name }) => name === last && name !== first)?.name ??
      columns.find(({ name }) => name !== first)?.name,
  ].join(', ');
  const short = table.replace('hydra_', '').replace('oauth2_', '').slice(0, 24);
  const odd = (kind: string, found: string, make: string | readonly string[], probe?: string): OddObject => ({
    id: `${kind} ${table}`,
    table,
    kind,
    make: typeof make === 'string' ? [make] : make,
    found,
    ...(probe === undefined ? {} : { probe }),
  });
  const index = (name: string) => `SELECT pg_get_indexdef(to_regclass('public.${name}')) AS is`;
  const relation = (name: string) => `SELECT relkind::text AS is FROM pg_class WHERE oid = to_regclass('${name}')`;
  const described = (text: string) => `SELECT description AS is FROM pg_description WHERE description = '${text}'`;
  const named = (catalog: string, column: string, name: string) =>
    `SELECT '${name}' AS is FROM ${catalog} WHERE ${column} = '${name}'`;
  const unique = facts.filter(
    ({ kind, definition }) =>
      (kind === 'constraint' && /^(PRIMARY KEY|UNIQUE)/.test(definition)) ||
      (kind === 'index' && definition.includes('UNIQUE')),
  );
  const keys = unique.flatMap(({ definition }) => /\(([^)]+)\)\s*$/.exec(definition)?.[1] ?? []);
  return [
    ...columns.map(({ name }) =>
      odd(
        `index on ${name}`,
        `index i_${short}_${name}`.slice(0, 6 + 63),
        `CREATE INDEX "${`i_${short}_${name}`.slice(0, 63)}" ON ${table} ("${name}")`,
        index(`"${`i_${short}_${name}`.slice(0, 63)}"`),
      ),
    ),
    odd('unique index', `index u_${short}`, `CREATE UNIQUE INDEX u_${short} ON ${table} (${two})`, index(`u_${short}`)),
    odd(
      'expression index',
      `index e_${short}`,
      `CREATE INDEX e_${short} ON ${table} (lower(${last})) WHERE ${first} <> ''`,
      index(`e_${short}`),
    ),
    odd(
      'check',
      `constraint c_${short}`,
      `ALTER TABLE ${table} ADD CONSTRAINT c_${short} CHECK (${first} <> 'x') NOT VALID`,
      named('pg_constraint', 'conname', `c_${short}`),
    ),
    odd(
      'exclusion',
      `constraint x_${short}`,
      `ALTER TABLE ${table} ADD CONSTRAINT x_${short} EXCLUDE USING btree (${first} WITH =)`,
      named('pg_constraint', 'conname', `x_${short}`),
    ),
    odd(
      'unique constraint',
      `constraint uc_${short}`,
      `ALTER TABLE ${table} ADD CONSTRAINT uc_${short} UNIQUE (${two})`,
      named('pg_constraint', 'conname', `uc_${short}`),
    ),
    odd(
      'key to another',
      `constraint k_${short}`,
      `ALTER TABLE ${table} ADD CONSTRAINT k_${short} FOREIGN KEY (${first}) REFERENCES other.parent NOT VALID`,
      named('pg_constraint', 'conname', `k_${short}`),
    ),
    ...keys.map((key, n) =>
      odd(
        `key of another ${key}`,
        `constraint f_${n}_${short}`,
        [
          `CREATE TABLE other.f_${n}_${short} AS SELECT ${key} FROM ${table} WHERE false`,
          `ALTER TABLE other.f_${n}_${short} ADD CONSTRAINT f_${n}_${short} FOREIGN KEY (${key}) REFERENCES ${table} (${key}) ON DELETE CASCADE`,
        ],
        named('pg_constraint', 'conname', `f_${n}_${short}`),
      ),
    ),
    ...keys
      .slice(0, 1)
      .map((key) =>
        odd(
          'key of partitions',
          `constraint fp_${short}`,
          [
            `CREATE TABLE other.fp_${short} (LIKE ${table}) PARTITION BY HASH (${key})`,
            `CREATE TABLE other.fp_0_${short} PARTITION OF other.fp_${short} FOR VALUES WITH (MODULUS 2, REMAINDER 0)`,
            `CREATE TABLE other.fp_1_${short} PARTITION OF other.fp_${short} FOR VALUES WITH (MODULUS 2, REMAINDER 1)`,
            `ALTER TABLE other.fp_${short} ADD CONSTRAINT fp_${short} FOREIGN KEY (${key}) REFERENCES ${table} (${key})`,
          ],
          named('pg_constraint', 'conname', `fp_${short}`),
        ),
      ),
    odd(
      'view',
      `view other.v_${short}`,
      `CREATE VIEW other.v_${short} AS SELECT * FROM ${table}`,
      relation(`other.v_${short}`),
    ),
    ...columns.map(({ name }) =>
      odd(
        `view of ${name}`,
        `view other."v_${short}_${name}"`.slice(0, 12 + 63).replaceAll('"', ''),
        `CREATE VIEW other.${`v_${short}_${name}`.slice(0, 63)} AS SELECT "${name}" FROM ${table}`,
        relation(`other.${`v_${short}_${name}`.slice(0, 63)}`),
      ),
    ),
    odd('comment', `comment of table ${table}`, `COMMENT ON TABLE ${table} IS 'of ${table}'`, described(`of ${table}`)),
    ...columns.map(({ name }) =>
      odd(
        `comment on ${name}`,
        `comment of column ${table}.${name}`,
        `COMMENT ON COLUMN ${table}."${name}" IS 'of ${table}.${name}'`,
        described(`of ${table}.${name}`),
      ),
    ),
    ...facts
      .filter(({ kind, definition }) => kind === 'index' || (kind === 'constraint' && !/^FOREIGN/.test(definition)))
      .map(({ kind, name }) =>
        odd(
          `comment on the ${kind} ${name}`,
          `comment of ${kind} ${name} on ${table}`,
          `COMMENT ON ${kind.toUpperCase()} "${name}"${kind === 'constraint' ? ` ON ${table}` : ''} IS 'of ${table} ${name}'`,
          described(`of ${table} ${name}`),
        ),
      ),
    // No server of the tests has a provider of labels.
    odd(
      'security label',
      `security label of nobody of column ${table}.${last}`,
      `INSERT INTO pg_seclabel VALUES ('${table}'::regclass, 'pg_class'::regclass,
         (SELECT attnum FROM pg_attribute WHERE attrelid = '${table}'::regclass AND attname = '${last}'), 'nobody', 'of ${table}')`,
      `SELECT label AS is FROM pg_seclabel WHERE label = 'of ${table}'`,
    ),
    odd(
      'materialized view',
      `view other.m_${short}`,
      `CREATE MATERIALIZED VIEW other.m_${short} AS SELECT ${first} FROM ${table}`,
      relation(`other.m_${short}`),
    ),
    odd(
      'view of a view',
      `view other.w_${short}`,
      [
        `CREATE VIEW other.w0_${short} AS SELECT ${last} FROM ${table}`,
        `CREATE VIEW other.w_${short} AS SELECT * FROM other.w0_${short}`,
      ],
      relation(`other.w_${short}`),
    ),
    odd(
      'rule',
      `rule r_${short}`,
      `CREATE RULE r_${short} AS ON DELETE TO ${table} DO ALSO NOTIFY gone`,
      named('pg_rewrite', 'rulename', `r_${short}`),
    ),
    odd(
      'trigger',
      `trigger t_${short}`,
      `CREATE TRIGGER t_${short} BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION other.touch()`,
      named('pg_trigger', 'tgname', `t_${short}`),
    ),
    odd(
      'trigger of a column',
      `trigger tc_${short}`,
      `CREATE TRIGGER tc_${short} BEFORE UPDATE OF ${last} ON ${table} FOR EACH ROW WHEN (NEW.${first} <> '') EXECUTE FUNCTION other.touch()`,
      named('pg_trigger', 'tgname', `tc_${short}`),
    ),
    odd(
      'replicated trigger',
      `trigger ta_${short}`,
      [
        `CREATE TRIGGER ta_${short} BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION other.touch()`,
        `ALTER TABLE ${table} ENABLE ALWAYS TRIGGER ta_${short}`,
      ],
      named('pg_trigger', 'tgname', `ta_${short}`),
    ),
    odd(
      'policy',
      `policy p_${short}`,
      `CREATE POLICY p_${short} ON ${table} USING (${last} <> 'x')`,
      named('pg_policy', 'polname', `p_${short}`),
    ),
    odd(
      'function of the row',
      `function other.fr_${short}`,
      `CREATE FUNCTION other.fr_${short}(r ${table}) RETURNS int LANGUAGE sql AS 'SELECT 1'`,
      named('pg_proc', 'proname', `fr_${short}`),
    ),
    {
      ...odd(
        'function body',
        `function other.fb_${short}`,
        `CREATE FUNCTION other.fb_${short}() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(${last}) FROM ${table}; END`,
        named('pg_proc', 'proname', `fb_${short}`),
      ),
      since: 14,
    },
    odd(
      'column of the row',
      `column other.cr_${short}.r`,
      `CREATE TABLE other.cr_${short} (r ${table})`,
      `SELECT attname::text AS is FROM pg_attribute WHERE attrelid = to_regclass('other.cr_${short}') AND attname = 'r' AND NOT attisdropped`,
    ),
    odd(
      'child table',
      `inheritance other.ch_${short}`,
      `CREATE TABLE other.ch_${short} () INHERITS (${table})`,
      relation(`other.ch_${short}`),
    ),
    odd(
      'statistics',
      `statistics s_${short}`,
      `CREATE STATISTICS s_${short} ON ${two} FROM ${table}`,
      named('pg_statistic_ext', 'stxname', `s_${short}`),
    ),
    odd(
      'publication',
      `publication pub_${short}`,
      `CREATE PUBLICATION pub_${short} FOR TABLE ${table}`,
      `SELECT 'in it' AS is FROM pg_publication_rel AS r JOIN pg_publication AS p ON p.oid = r.prpubid WHERE p.pubname = 'pub_${short}'`,
    ),
    {
      ...odd(
        'publication of some rows',
        `publication pw_${short}`,
        `CREATE PUBLICATION pw_${short} FOR TABLE ${table} WHERE (${last} <> '') WITH (publish = 'insert')`,
        `SELECT 'in it' AS is FROM pg_publication_rel AS r JOIN pg_publication AS p ON p.oid = r.prpubid WHERE p.pubname = 'pw_${short}'`,
      ),
      since: 15,
    },
    odd(
      'grant',
      `grant :reader on ${table}`,
      `GRANT SELECT ON ${table} TO :reader`,
      `SELECT 'yes' AS is WHERE to_regclass('${table}') IS NOT NULL AND has_table_privilege(':reader', to_regclass('${table}'), 'SELECT')`,
    ),
    odd(
      'storage',
      `storage of ${table}`,
      `ALTER TABLE ${table} SET (fillfactor = 77)`,
      `SELECT reloptions::text AS is FROM pg_class WHERE oid = to_regclass('${table}') AND reloptions IS NOT NULL`,
    ),
    odd(
      'statistics target',
      `column storage of column ${table}.${last}`,
      `ALTER TABLE ${table} ALTER COLUMN ${last} SET STATISTICS 77`,
      `SELECT attstattarget::text AS is FROM pg_attribute WHERE attrelid = to_regclass('${table}') AND attname = '${last}' AND attstattarget = 77`,
    ),
    odd(
      'replica identity',
      `replica identity of ${table}`,
      `ALTER TABLE ${table} REPLICA IDENTITY FULL`,
      `SELECT relreplident::text AS is FROM pg_class WHERE oid = to_regclass('${table}') AND relreplident = 'f'`,
    ),
    odd(
      'own column',
      `column ${table}.own_column`,
      `ALTER TABLE ${table} ADD COLUMN own_column text`,
      `SELECT attname::text AS is FROM pg_attribute WHERE attrelid = to_regclass('${table}') AND attname = 'own_column' AND NOT attisdropped`,
    ),
    // Not with a key to a table that is logged, nor with a key from one.
    ...(['schema_migration', 'hydra_oauth2_jti_blacklist'].includes(table)
      ? [odd('unlogged', `table ${table}`, `ALTER TABLE ${table} SET UNLOGGED`)]
      : []),
    ...facts
      .filter(({ kind, definition }) => kind === 'index' || (kind === 'constraint' && !/^FOREIGN/.test(definition)))
      .map(({ kind, name }) =>
        odd(
          `no ${name}`,
          `${kind} ${name} on ${table}`,
          kind === 'index'
            ? `DROP INDEX ${name} CASCADE`
            : `ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS "${name}" CASCADE`,
        ),
      ),
    ...facts
      .filter(({ kind, definition }) => kind === 'constraint' && /^FOREIGN/.test(definition))
      .flatMap(({ name, definition }) => [
        odd(`no ${name}`, `constraint ${name} on ${table}`, `ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${name}`),
        ...(!definition.includes('ON DELETE CASCADE')
          ? []
          : [
              odd(`other ${name}`, `constraint ${name} on ${table}`, [
                `ALTER TABLE ${table} DROP CONSTRAINT ${name}`,
                `ALTER TABLE ${table} ADD CONSTRAINT ${name} ${definition.replace(/ON DELETE CASCADE/, 'ON DELETE SET NULL')}`,
              ]),
            ]),
      ]),
    ...facts
      .filter(({ kind }) => kind === 'index')
      .map(({ name, definition }) =>
        odd(`other ${name}`, `index ${name} on ${table}`, [
          `DROP INDEX ${name} CASCADE`,
          `CREATE INDEX ${name} ON ${table} (${definition.endsWith(`(${first})`) ? last : first})`,
        ]),
      ),
    ...facts
      .filter(({ kind }) => kind === 'default')
      .map(({ name }) =>
        odd(
          `no default ${name}`,
          `default of column ${table}.${name}`,
          `ALTER TABLE ${table} ALTER COLUMN "${name}" DROP DEFAULT`,
        ),
      ),
    ...facts
      .filter(({ kind, name }) => kind === 'not null' && !keys.some((key) => key.split(', ').includes(name)))
      .map(({ name }) =>
        odd(
          `null ${name}`,
          `not null of column ${table}.${name}`,
          `ALTER TABLE ${table} ALTER COLUMN "${name}" DROP NOT NULL`,
        ),
      ),
    ...columns
      .filter(({ definition }) => /character/.test(definition))
      .map(({ name }) =>
        odd(`wide ${name}`, `column ${table}.${name}`, `ALTER TABLE ${table} ALTER COLUMN "${name}" TYPE text`),
      ),
  ];
}
