import { hideContents } from '../../../../adapters/command/hide-contents';
import { OutputCause } from '../../../../adapters/command/output-cause';

function causeOf(text: string): readonly string[] {
  const cause = new OutputCause();
  for (const line of text.split('\n')) cause.take(hideContents(line));
  return cause.lines;
}

/** Hydra 2.3.0 over a row that is no JSON: its plan on stdout, its log, the error and Go's stack, shortened. */
const FAILED_MIGRATION = `
    login_error text NULL,
            consent_error IS NOT NULL AND
------------ ERROR ------------
time=2026-11-29T00:20:57Z level=info msg=Migration has not yet been applied, running migration. version=20220513000001000002
Could not apply migrations:
ERROR: invalid input syntax for type json (SQLSTATE 22P02)
error executing migrations/20220513000001000002_string_slice_json.postgres.up.sql, sql: -- Migration generated
UPDATE hydra_client SET redirect_uris_json = cast('["' || REPLACE(redirect_uris,'|','","') || '"]' as jsonb);
github.com/ory/x/popx.NewMigrationBox.func1.1
\tgithub.com/ory/x@v0.0.675/popx/migration_box.go:160
github.com/ory/x/popx.(*Migrator).isolatedTransaction
main.main
\thydrabuild/main.go:5
runtime.goexit
\truntime/asm_amd64.s:1771`;

describe('the cause in the output of a command', () => {
  it.each<[string, string, readonly string[]]>([
    [
      'a failed migration: the error and its file, no statement and no stack',
      FAILED_MIGRATION,
      [
        'ERROR: invalid input syntax for type json (SQLSTATE 22P02)',
        'error executing migrations/20220513000001000002_string_slice_json.postgres.up.sql',
      ],
    ],
    ['a log with levels', 'level=info msg=up\nlevel=fatal msg=no port', ['level=fatal msg=no port']],
    ['a log in JSON', '{"level":"error","msg":"no port","sub":"alice"}', ['error: no port']],
    [
      'a panic',
      'panic: assignment to nil map\n\ngoroutine 1 [running]:\nmain.main()',
      ['panic: assignment to nil map'],
    ],
    ['a program without levels', 'starting\nsh: 1: kubectl: not found\nbye', ['sh: 1: kubectl: not found']],
    ['nothing that looks like one', 'one\ntwo', []],
  ])('is found in %s', (_case, text, lines) => {
    expect(causeOf(text)).toEqual(lines);
  });

  it('keeps the first lines and the last one of very many, each cut', () => {
    const many = Array.from({ length: 10_000 }, (_, n) => `error: number ${n} ${'x '.repeat(500)}`).join('\n');
    const lines = causeOf(many);
    expect(lines.map((line) => line.slice(0, 18).trim())).toEqual([
      'error: number 0 x',
      'error: number 1 x',
      'error: number 2 x',
      'error: number 3 x',
      'error: number 9999',
    ]);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(250);
  });
});

describe('contents that no config knows', () => {
  it.each([
    ['dial postgres://hydra:Pa55word@db:5432/x', 'dial postgres://hydra:[hidden]@db:5432/x'],
    ['SECRETS_SYSTEM=a-b-c and more', 'SECRETS_SYSTEM=[hidden] and more'],
    ['{"client_secret": "s p a c e", "id": 1}', '{"client_secret": "[hidden]", "id": 1}'],
    ['run --db-password hunter2 --port 1', 'run --db-password [hidden] --port 1'],
    ['Authorization: Bearer abc.def', 'Authorization: [hidden] [hidden]'],
    ['got ory_at_9sHi.x~y-z', 'got [hidden]'],
    ['got eyJhbGciOi.eyJzdWIiOi.c2ln', 'got [hidden]'],
    ['key 0123456789abcdef0123456789abcdef', 'key [hidden]'],
    [
      'ERROR: invalid input syntax for type integer: "alice"',
      'ERROR: invalid input syntax for type integer: "[hidden]"',
    ],
    ['DETAIL: Key (challenge)=(abc) already exists.', 'DETAIL: Key (challenge)=([hidden]) already exists.'],
    ['DETAIL: Failing row contains (1, alice, null).', 'DETAIL: Failing row contains ([hidden]).'],
    ['CONTEXT: JSON data, line 1: {"sub":"alice...', 'CONTEXT: JSON data, line 1: [hidden]'],
    ['DETAIL: Token "alice" is invalid.', 'DETAIL: Token "[hidden]" is invalid.'],
  ])('are hidden: %s', (line, shown) => {
    expect(hideContents(line)).toBe(shown);
  });

  it.each([
    'ERROR: relation "hydra_client" does not exist (SQLSTATE 42P01)',
    'Error from server (NotFound): deployments.apps "hydra-green" not found',
    'error executing migrations/20220513000001000002_string_slice_json.postgres.up.sql',
    'github.com/ory/x@v0.0.675/popx/migration_box.go:160',
    '20220513000001000002   string_slice_json   Applied',
  ])('are told from the names of things: %s', (line) => {
    expect(hideContents(line)).toBe(line);
  });
});
