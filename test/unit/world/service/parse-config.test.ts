import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { isCutoverFault } from '../../../../domain/faults';
import { loginAppConfig } from '../../../../world/login-app/config';
import { policyServiceConfig } from '../../../../world/policy-service/config';
import { resourceApiConfig } from '../../../../world/resource-api/config';
import { parseConfig, readConfigText } from '../../../../world/service/parse-config';

const schema = z.strictObject({ port: z.int(), secret: z.string().min(100) });

function refusal(text: string): { code: string; message: string; problems: unknown } {
  try {
    parseConfig('/etc/x.yaml', text, schema);
  } catch (error) {
    if (isCutoverFault(error)) return { code: error.code, message: error.message, problems: error.details['problems'] };
    throw error;
  }
  throw new Error('it was accepted');
}

describe('parseConfig', () => {
  it('reads YAML and JSON', () => {
    const plain = z.strictObject({ a: z.int() });
    expect(parseConfig('f', 'a: 1', plain)).toEqual({ a: 1 });
    expect(parseConfig('f', '{"a": 1}', plain)).toEqual({ a: 1 });
  });

  it('names every problem at once and no value', () => {
    const { code, message, problems } = refusal('port: nine\nsecret: hunter2\nextra: hunter2\n');
    expect(code).toBe('CONFIG_INVALID');
    expect(problems).toHaveLength(3);
    for (const key of ['port', 'secret', 'extra']) expect(message).toContain(key);
    expect(message).not.toContain('hunter2');
  });

  it.each(['a: [1', 'a: 1\na: 2', '\tsecret: hunter2', '"'])('refuses %j without quoting it', (text) => {
    const { code, message } = refusal(text);
    expect(code).toBe('CONFIG_UNREADABLE');
    expect(message).not.toContain('hunter2');
  });

  it.each(['', '42', '[]', 'null'])('refuses %j, which is no config', (text) => {
    expect(refusal(text).code).toBe('CONFIG_INVALID');
  });

  it('is not blown up by nested aliases', () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 9; level++) {
      const [name, from] = [String.fromCharCode(97 + level), String.fromCharCode(96 + level)];
      bomb.push(`${name}: &${name} [*${from}, *${from}, *${from}, *${from}, *${from}, *${from}, *${from}, *${from}]`);
    }
    expect(refusal(bomb.join('\n')).code).toBe('CONFIG_UNREADABLE');
  });
});

describe('readConfigText', () => {
  it('refuses a missing file, a folder, and a file that cannot be a config', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'config-'));
    writeFileSync(join(folder, 'huge'), Buffer.alloc(2 * 1024 * 1024));
    for (const name of ['missing', '.', 'huge']) {
      await expect(readConfigText(join(folder, name))).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE' });
    }
    rmSync(folder, { recursive: true });
  });
});

describe('the services’ configs', () => {
  const initial = { adminUrl: 'http://127.0.0.1:4445/', apiGeneration: 1 };

  it('have defaults for everything but what only the operator knows', () => {
    expect(resourceApiConfig.parse({ stateFile: 's', initial })).toMatchObject({
      introspectionCacheMs: 0,
      listen: { host: '127.0.0.1', port: 0 },
      initial: { adminUrl: 'http://127.0.0.1:4445' },
    });
    expect(policyServiceConfig.parse({ stateFile: 's', initial }).cleanup.intervalMs).toBe(60_000);
    expect(loginAppConfig.parse({ hydra: initial, password: 'p' }).hydraDeadlineMs).toBe(10_000);
  });

  it.each(['ftp://x', 'http://user:pw@x', 'http://x?a', 'x', '', 'http://x#f'])(
    'refuse the admin URL %j',
    (adminUrl) => {
      expect(resourceApiConfig.safeParse({ stateFile: 's', initial: { ...initial, adminUrl } }).success).toBe(false);
    },
  );

  it('refuse an API generation that does not exist', () => {
    expect(resourceApiConfig.safeParse({ stateFile: 's', initial: { ...initial, apiGeneration: 3 } }).success).toBe(
      false,
    );
  });
});
