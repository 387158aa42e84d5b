import { type RecordedStatement } from '../../../../domain/ports/statement-recorder';
import { loadParser, migrationsOf } from '../../../../hydra/in-place/migrations-of';
import { planActs } from '../../../../hydra/in-place/plan-acts';

beforeAll(() => loadParser());

/** One migration, as the wire shows it. */
function migration(...statements: string[]): RecordedStatement[] {
  const sent = [
    'begin',
    ...statements,
    `INSERT INTO schema_migration (version) VALUES ('20990101000000000000')`,
    'commit',
  ];
  return sent.map((sql) => ({ session: 0, sql, parameters: [], failed: false }));
}

function plan(...statements: string[]) {
  return planActs(migrationsOf(migration(...statements)));
}

describe('the plan of an online migration', () => {
  it.each([
    ['ALTER TABLE t ADD COLUMN c TEXT', 'ddl'],
    [`ALTER TABLE t ADD c VARCHAR(10) NOT NULL DEFAULT ''`, 'ddl'],
    ['ALTER TABLE t ADD c TIMESTAMP NOT NULL DEFAULT now()', 'ddl'],
    [`ALTER TABLE t ADD c JSONB DEFAULT '{}'::jsonb`, 'ddl'],
    ['ALTER TABLE t ALTER COLUMN c DROP NOT NULL, ALTER COLUMN c DROP DEFAULT', 'ddl'],
    ['ALTER TABLE t ALTER COLUMN c SET NOT NULL', 'setNotNull'],
    ['ALTER TABLE t ADD CONSTRAINT k CHECK (c > 0)', 'constraint'],
    ['ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (c) REFERENCES u (d) ON DELETE CASCADE', 'constraint'],
    ['CREATE UNIQUE INDEX i ON t (c) WHERE c IS NOT NULL', 'createIndex'],
    ['DROP INDEX i', 'dropIndex'],
    [`UPDATE t SET c = 'x' WHERE d IN (SELECT 'where')`, 'update'],
    ['CREATE TABLE u (id INT PRIMARY KEY, c INT REFERENCES t (c))', 'ddl'],
  ])('gives %s the form %s', (statement, kind) => {
    const { acts, refused } = plan(statement);
    expect(refused).toEqual([]);
    expect(acts.map((act) => act.kind)).toEqual([kind]);
  });

  it.each([
    [`ALTER TABLE t ADD COLUMN c TEXT GENERATED ALWAYS AS (d || 'x') STORED`, /STORED/],
    ['ALTER TABLE t ADD COLUMN c UUID DEFAULT gen_random_uuid()', /another one in each row/],
    ['ALTER TABLE t ADD COLUMN c BIGSERIAL', /bigserial/],
    ['ALTER TABLE t ADD COLUMN c INT GENERATED ALWAYS AS IDENTITY', /identity/],
    ['ALTER TABLE t ADD COLUMN c INT NOT NULL', /no default/],
    ['ALTER TABLE t ADD COLUMN c INT REFERENCES u (id)', /checked in all rows/],
    ['ALTER TABLE t ALTER COLUMN c TYPE BIGINT', /type of a column/],
    ['ALTER TABLE t DROP COLUMN c', /may read/],
    ['ALTER TABLE t ADD CONSTRAINT k UNIQUE (c)', /built while everybody waits/],
    ['ALTER TABLE t ADD COLUMN c INT, ADD CONSTRAINT k CHECK (c > 0)', /together with other changes/],
    ['ALTER TABLE t RENAME COLUMN c TO d', /under its old name/],
    ['DROP TABLE t', /may use/],
    ['DELETE FROM t', /DeleteStmt/],
    ['INSERT INTO t VALUES (1)', /InsertStmt/],
    ['UPDATE t SET c = c + 1', /do it twice/],
    ['UPDATE t SET c = u.c FROM u', /other tables/],
    ['CREATE INDEX ON t (c)', /name of the index/],
    [`SELECT setval('s', 1)`, /SelectStmt/],
    ['CREATE EXTENSION pgcrypto', /CreateExtensionStmt/],
    ['CREATE TEMPORARY TABLE u (id INT)', /temporary/],
    ['LOCK TABLE t', /LockStmt/],
  ])('refuses %s and shows it', (statement, why) => {
    const { acts, refused } = plan(statement);
    expect(acts).toEqual([]);
    expect(refused).toEqual([
      { migration: '20990101000000000000', statement, why: expect.stringMatching(why) as string },
    ]);
  });

  it('replaces an index that is dropped and made again under its name, wherever the second comes', () => {
    const { acts } = plan('DROP INDEX i', 'ALTER TABLE t ADD c INT', 'CREATE INDEX i ON t (c)');
    expect(acts.map(({ kind }) => kind)).toEqual(['replaceIndex', 'ddl']);
    expect(acts[0]).toMatchObject({ index: 'i', table: 't', unique: false, on: 't (c)' });
  });

  it.each([
    ['ALTER TABLE t ADD c TEXT', 'SET NOT NULL', true],
    ['ALTER TABLE t ADD c TEXT DEFAULT NULL', 'SET NOT NULL', true],
    [`ALTER TABLE t ADD c TEXT DEFAULT ''`, 'SET NOT NULL', false],
    ['ALTER TABLE t ADD d TEXT', 'SET NOT NULL', false],
    [`ALTER TABLE t ADD c TEXT NOT NULL DEFAULT ''`, 'DROP DEFAULT', true],
    [`ALTER TABLE t ADD c TEXT DEFAULT ''`, 'DROP DEFAULT', false],
  ])(
    'after %s refuses %s where rows of a version that does not know the column would be: %s',
    (first, then, isRefused) => {
      const { refused } = plan(first, `UPDATE t SET c = ''`, `ALTER TABLE t ALTER COLUMN c ${then}`);
      expect(refused.map(({ why }) => why)).toEqual(
        isRefused ? [expect.stringMatching(/does not know this column/)] : [],
      );
    },
  );

  it('treats an index of a table that the same run makes as a change of the catalog', () => {
    const { acts } = plan('CREATE TABLE u (id INT PRIMARY KEY); CREATE INDEX i ON u (id)');
    expect(acts.map(({ kind }) => kind)).toEqual(['ddl', 'ddl']);
  });

  it('cuts statements by bytes, so that text beyond ASCII before them moves nothing', () => {
    const { acts } = plan(`ALTER TABLE t ADD c TEXT DEFAULT 'äöü€'; CREATE INDEX i ON t (c)`);
    expect(acts[1]).toMatchObject({ kind: 'createIndex', on: 't (c)' });
  });

  it('takes SET and WHERE of an UPDATE as they stand, brackets and words in texts included', () => {
    const { acts } = plan(`UPDATE t SET c = 'SET WHERE' WHERE (d = 'WHERE' OR e IS NULL)`);
    expect(acts[0]).toMatchObject({ set: `c = 'SET WHERE'`, where: `(d = 'WHERE' OR e IS NULL)` });
  });

  it('leaves out what failed and what was rolled back, and refuses what stands outside of every migration', () => {
    const lost = [{ session: 0, sql: 'ALTER TABLE t ADD c INT', parameters: [], failed: true }];
    const undone = ['begin', 'ALTER TABLE t ADD d INT', 'rollback'].map((sql) => ({
      session: 0,
      sql,
      parameters: [],
      failed: false,
    }));
    const loose = [{ session: 0, sql: 'ALTER TABLE t ADD e INT', parameters: [], failed: false }];
    const { acts, refused } = planActs(
      migrationsOf([...lost, ...undone, ...loose, ...migration('ALTER TABLE t ADD f INT')]),
    );
    expect(acts.map((act) => act.kind === 'ddl' && act.sql)).toEqual(['ALTER TABLE t ADD f INT']);
    expect(refused).toEqual([
      { migration: 'none', statement: 'ALTER TABLE t ADD e INT', why: 'it belongs to no migration' },
    ]);
  });
});
