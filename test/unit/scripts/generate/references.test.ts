import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CONFIG_FIELDS } from '../../../../config/catalogue';
import { FAULTS } from '../../../../domain/faults';
import { renderCliReference } from '../../../../scripts/generate/cli-reference';
import { renderConfigReference } from '../../../../scripts/generate/config-reference';
import { renderConfigSchema } from '../../../../scripts/generate/config-schema';
import { renderFaultReference } from '../../../../scripts/generate/fault-reference';
import { gatewayFields, renderGatewayReference } from '../../../../scripts/generate/gateway-reference';
import { driftedFiles } from '../../../../scripts/generate/drift';
import { table } from '../../../../scripts/generate/markdown';

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly [key: string]: unknown;
}

describe('the generated files', () => {
  it('hold every field with its variable, every fault, and every verb with its options', () => {
    const config = renderConfigReference();
    for (const field of CONFIG_FIELDS.filter(({ kind }) => kind !== 'section')) {
      expect(config).toContain(field.description.replaceAll('|', '\\|'));
      if (field.variable) expect(config).toContain(`\`${field.variable}\``);
    }
    const faults = renderFaultReference();
    for (const code of Object.keys(FAULTS)) expect(faults).toContain(`\`${code}\``);
    const cli = renderCliReference();
    for (const text of [
      'hydra-cutover doctor',
      'hydra-cutover world',
      '`--config <file>`',
      '`--json`',
      'CHECK_FAILED',
    ]) {
      expect(cli).toContain(text);
    }
  });

  it('say of every key what it is, and of a list that may be left out what it is then', () => {
    const rows = [renderConfigReference(), renderGatewayReference()].flatMap((page) => page.split('\n'));
    expect(rows.filter((row) => /^\| `[^`]+`\s*\|\s*\|/.test(row))).toEqual([]);
    const before = rows.find((row) => row.startsWith('| `gates.before`'));
    expect(before).toMatch(/at gate `proceed`.*each: one of lifetimes.*`\[\]`.*`HYDRA_CUTOVER_GATES__BEFORE`/);
  });

  it('say of every key of the gateway what it is and may be, with all that one kind of `doubt` has', () => {
    const keys = gatewayFields().filter(({ kind }) => kind === 'value');
    expect(keys.filter(({ description, allowed }) => description === '' || allowed === '')).toEqual([]);
    const page = renderGatewayReference();
    for (const { path } of keys) expect(page).toContain(`\`${path.join('.').replace('.*', '[]')}\``);
    expect(keys).toContainEqual(
      expect.objectContaining({ path: ['doubt', 'kind'], allowed: 'one of none, http, postgres' }),
    );
    expect(keys).toContainEqual(expect.objectContaining({ path: ['doubt', 'green', 'ssl', 'mode'] }));
  });

  it('let an editor accept a reference wherever a value may stand, and only a reference as a secret', () => {
    const schema = JSON.parse(renderConfigSchema()) as Node;
    const database = schema.properties?.blue?.properties?.database?.properties;
    expect(database?.port).toMatchObject({ default: 5432, anyOf: [{ type: 'integer' }, { type: 'string' }] });
    expect(database?.password).toMatchObject({
      type: 'string',
      pattern: expect.stringContaining('env|file') as string,
    });
    expect(schema.additionalProperties).toBe(false);
    // What a field is called is its own business: what must not stay are the marks, whose values are no sections.
    expect(renderConfigSchema()).not.toMatch(/"(secret|allowed)": [^{]/);
  });

  it('are told by name when they are missing, changed or have only other line ends', () => {
    const root = mkdtempSync(join(tmpdir(), 'drift-'));
    const files = ['same', 'changed', 'missing', 'docs/ends'].map((path) => ({ path, text: `${path}\n` }));
    const write = (path: string, text: string) => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    };
    write('same', 'same\n');
    write('changed', 'other\n');
    write('docs/ends', 'docs/ends\r\n');
    expect(driftedFiles(files, root)).toEqual(['changed', 'missing', 'docs/ends']);
    rmSync(root, { recursive: true });
  });

  it('escape what would break a table', () => {
    expect(table(['a'], [['x | y\nz']])).toBe('| a |\n| --- |\n| x \\| y z |');
  });
});
