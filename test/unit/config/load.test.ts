import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { inspectConfig, loadConfig } from '../../../config/load';
import { isCutoverFault } from '../../../domain/faults';
import { minimalConfig, useConfigFolder } from './config-files';

const files = useConfigFolder();

const paths = (problems: readonly { path: string }[]) => problems.map(({ path }) => path);

describe('a config that is right', () => {
  it('gets its defaults and is frozen all the way down', () => {
    const config = files.load({ ...minimalConfig(), gateways: [] });
    expect(config.environment.production).toBe(true);
    expect(config.temporal.taskQueue).toBe('hydra-cutover');
    expect(config.blue.database).toMatchObject({ port: 5432, ssl: { mode: 'verify-full' } });
    expect(config.checks.timeoutMs).toBe(10_000);
    expect(config.log.level).toBe('info');
    const unfrozen: unknown[] = [];
    const visit = (value: unknown) => {
      if (typeof value !== 'object' || value === null) return;
      if (!Object.isFrozen(value)) unfrozen.push(value);
      Object.values(value).forEach(visit);
    };
    visit(config);
    expect(unfrozen).toEqual([]);
    expect(() => Object.assign(config.log, { level: 'debug' })).toThrow(TypeError);
  });

  it('is the same whether it is written as YAML or as JSON', () => {
    const yaml = [
      'environment: {name: test}',
      ...(['blue', 'green'] as const).flatMap((side) => [
        `${side}:`,
        `  hydraVersion: ${side === 'blue' ? '1.11.10' : '2.3.0'} # not a number`,
        `  publicUrl: http://${side}.test:4444`,
        `  adminUrl: 'http://${side}.test:4445'`,
        `  database: {host: ${side}-db.test, name: hydra, user: hydra}`,
      ]),
    ].join('\n');
    expect(files.load(yaml)).toEqual(files.load(minimalConfig()));
  });

  it('may use anchors and aliases', () => {
    const { blue, green } = minimalConfig();
    const yaml = `environment: {name: test}
blue: {hydraVersion: 1.11.10, publicUrl: '${blue.publicUrl}', adminUrl: '${blue.adminUrl}', database: {host: a, name: &n hydra, user: *n}}
green: ${JSON.stringify(green)}
`;
    expect(files.load(yaml).blue.database.user).toBe('hydra');
  });

  it('can come from the environment alone', () => {
    const { config } = inspectConfig({
      env: {
        HYDRA_CUTOVER_ENVIRONMENT__NAME: 'test',
        ...Object.fromEntries(
          (['blue', 'green'] as const).flatMap((side) => {
            const prefix = `HYDRA_CUTOVER_${side.toUpperCase()}__`;
            return [
              [`${prefix}HYDRA_VERSION`, side === 'blue' ? '1.11.10' : '2.3.0'],
              [`${prefix}PUBLIC_URL`, `http://${side}.test:4444`],
              [`${prefix}ADMIN_URL`, `http://${side}.test:4445`],
              [`${prefix}DATABASE__HOST`, `${side}-db.test`],
              [`${prefix}DATABASE__NAME`, 'hydra'],
              [`${prefix}DATABASE__USER`, 'hydra'],
            ];
          }),
        ),
      },
    }) as { config: unknown };
    expect(config).toEqual(files.load(minimalConfig()));
  });
});

describe('where values come from', () => {
  const level = (fileLevel: string | undefined, env: NodeJS.ProcessEnv, set: string[]) =>
    files.load({ ...minimalConfig(), ...(fileLevel ? { log: { level: fileLevel } } : {}) }, { env, set }).log.level;

  it('a flag wins over the environment, that over the file, that over the default', () => {
    const env = { HYDRA_CUTOVER_LOG__LEVEL: 'warn' };
    expect(level('debug', env, ['log.level=error'])).toBe('error');
    expect(level('debug', env, [])).toBe('warn');
    expect(level('debug', {}, [])).toBe('debug');
    expect(level(undefined, {}, [])).toBe('info');
  });

  it('turns text from outside into the number or boolean of its field', () => {
    const config = files.load(
      { ...minimalConfig(), checks: { timeoutMs: '${env:TIMEOUT}' } },
      {
        env: { TIMEOUT: '1234', HYDRA_CUTOVER_ENVIRONMENT__PRODUCTION: 'false' },
        set: ['blue.database.port=6000'],
      },
    );
    expect(config.checks.timeoutMs).toBe(1234);
    expect(config.environment.production).toBe(false);
    expect(config.blue.database.port).toBe(6000);
  });

  it('takes a list from the environment as JSON, tokens included', () => {
    const gateways = [{ name: 'one', controlUrl: 'https://one.test', token: 'of-the-gateway' }];
    const config = files.load(minimalConfig(), { env: { HYDRA_CUTOVER_GATEWAYS: JSON.stringify(gateways) } });
    expect(config.gateways[0]?.token.reveal()).toBe('of-the-gateway');
  });

  it.each([
    ['HYDRA_CUTOVER_LOG__LEVLE', 'HYDRA_CUTOVER_LOG__LEVEL'],
    ['HYDRA_CUTOVER_BLUE_DATABASE_HOST', 'HYDRA_CUTOVER_BLUE__DATABASE__HOST'],
    ['HYDRA_CUTOVER_CONFG', 'HYDRA_CUTOVER_CONFIG'],
  ])('refuses the unknown variable %s and names the one that was meant', (name, meant) => {
    expect(files.problems(minimalConfig(), { env: { [name]: 'x' } })).toEqual([
      {
        path: '',
        at: `environment variable ${name}`,
        what: 'is not the name of a field',
        fix: `did you mean ${meant}?`,
      },
    ]);
  });

  it('leaves variables of this machine alone', () => {
    const env = { HYDRA_CUTOVER_CACHE: '/c', HYDRA_CUTOVER_WORLDS: '/w', HYDRA_CUTOVER_CONFIG: 'x', OTHER: 'y' };
    expect(files.problems(minimalConfig(), { env })).toEqual([]);
  });

  it.each(['log', 'log.levl=x', 'gateways.0.name=x', '=x', '__proto__.x=1', 'blue=x'])(
    'refuses the flag --set %s',
    (assignment) => {
      const [problem, ...others] = files.problems(minimalConfig(), { set: [assignment] });
      expect(problem?.at).toMatch(/^--set/);
      expect(others).toEqual([]);
    },
  );

  it('says which variable or flag gave a value that is not allowed', () => {
    const problems = files.problems(minimalConfig(), {
      env: { HYDRA_CUTOVER_BLUE__DATABASE__PORT: 'abc' },
      set: ['log.level=loud'],
    });
    expect(problems.map(({ path, at }) => [path, at])).toEqual([
      ['log.level', '--set log.level'],
      ['blue.database.port', 'environment variable HYDRA_CUTOVER_BLUE__DATABASE__PORT'],
    ]);
  });
});

describe('a config that is wrong', () => {
  it('is reported whole: every problem with path, place, what is allowed and what to do', () => {
    const yaml = `environment: {name: Prod EU, production: 'yes'}
temporal: {adress: 'x:1'}
blue:
  hydraVersion: 1.11.1
  publicUrl: ftp://x
  database: {host: a b, port: 99999, name: hydra, user: hydra, password: hunter2}
green: 5
gateways: {a: 1}
port: 1
log:
`;
    const inspection = files.inspect(yaml, { env: { HYDRA_CUTOVER_NOPE: '1' } });
    if (!('fault' in inspection)) throw new Error('accepted');
    expect(inspection.fault.code).toBe('CONFIG_INVALID');
    expect(inspection.problems.map(({ path, at }) => [path, at])).toEqual([
      ['', 'environment variable HYDRA_CUTOVER_NOPE'],
      ['environment.name', 'config.yaml:1:15'],
      ['environment.production', 'config.yaml:1:30'],
      ['temporal.adress', 'config.yaml:2:12'],
      ['blue.adminUrl', 'config.yaml:3:1'],
      ['blue.hydraVersion', 'config.yaml:4:3'],
      ['blue.publicUrl', 'config.yaml:5:3'],
      ['blue.database.host', 'config.yaml:6:14'],
      ['blue.database.port', 'config.yaml:6:25'],
      ['blue.database.password', 'config.yaml:6:64'],
      ['green', 'config.yaml:7:1'],
      ['gateways', 'config.yaml:8:1'],
      ['port', 'config.yaml:9:1'],
      ['log', 'config.yaml:10:1'],
    ]);
    for (const { what, fix } of inspection.problems) {
      expect(what).not.toBe('');
      expect(fix).not.toBe('');
    }
    expect(inspection.fault.message).toContain('the config has 14 problems');
    expect(inspection.fault.message).toContain('did you mean address?');
    expect(inspection.fault.message).toContain('did you mean 1.11.10?');
    expect(inspection.fault.message).toContain('allowed: a whole number from 1 to 65535');
    expect(inspection.fault.message).not.toContain('hunter2');
    expect(() => loadConfig({ file: files.path('config.yaml'), env: {} })).toThrow(/problems/);
  });

  it('names the place of a key that is unknown, and where it exists', () => {
    expect(files.problems('port: 1').find(({ path }) => path === 'port')?.fix).toBe(
      'remove it, or move it: blue.database.port exists',
    );
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('refuses the key %s', (key) => {
    const json = JSON.stringify(minimalConfig()).replace('{', `{"${key}":{"polluted":true},`);
    expect(paths(files.problems(json))).toEqual([key]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('shows no credentials that stand where a URL, a section or a host belongs', () => {
    const { environment, blue, green } = minimalConfig();
    const text = files
      .problems({
        environment,
        blue: { ...blue, publicUrl: 'http://me:hunter2@h/', database: 'postgres://me:hunter2@h/db' },
        green: { ...green, adminUrl: 'x password=hunter2', database: { ...green.database, host: 'a b://u:hunter2@x' } },
      })
      .map((problem) => JSON.stringify(problem))
      .join();
    expect(text).not.toContain('hunter2');
  });
});

describe('what spans fields', () => {
  it.each([
    ['a green that is not later', { green: { hydraVersion: '1.11.10' } }, 'green.hydraVersion'],
    [
      'the same instance in other letters',
      { blue: { rdsInstanceId: 'Hydra' }, green: { rdsInstanceId: 'hydra' } },
      'green.rdsInstanceId',
    ],
    [
      'the same database server',
      { green: { database: { host: 'BLUE-DB.test.', name: 'other', user: 'x' } } },
      'green.database.host',
    ],
    ['the same admin URL', { green: { adminUrl: 'http://BLUE.test:4445/' } }, 'green.adminUrl'],
    ['no host and no instance', { blue: { database: { name: 'a', user: 'b' } } }, 'blue.database.host'],
    [
      'a certificate without a key',
      { temporal: { tls: { clientCert: '-----BEGIN CERTIFICATE-----' } } },
      'temporal.tls.clientKey',
    ],
    [
      'a gateway twice',
      {
        gateways: [
          { name: 'one', controlUrl: 'https://one.test', token: '${env:T}' },
          { name: 'two', controlUrl: 'https://one.test/', token: '${env:T}' },
        ],
      },
      'gateways[1].controlUrl',
    ],
  ])('refuses %s', (_name, change, path) => {
    const base = minimalConfig() as Record<string, object>;
    const merged: Record<string, unknown> = { ...base };
    for (const [key, value] of Object.entries(change)) {
      merged[key] = Array.isArray(value) ? value : { ...base[key], ...value };
    }
    expect(paths(files.problems(merged, { env: { T: 'x' } }))).toEqual([path]);
  });

  it('is in the same report as mistakes inside fields', () => {
    const { environment, blue, green } = minimalConfig();
    const problems = files.problems({
      environment,
      blue: { ...blue, publicUrl: 5 },
      green: { ...green, hydraVersion: '1.11.10' },
    });
    expect(paths(problems)).toEqual(['blue.publicUrl', 'green.hydraVersion']);
  });
});

describe('a file that cannot be read as a config', () => {
  const refused = (content: string | Uint8Array) => {
    const inspection = files.inspect(content);
    if (!('fault' in inspection)) throw new Error('accepted');
    expect(isCutoverFault(inspection.fault)).toBe(true);
    return { code: inspection.fault.code, ...inspection.problems[0] };
  };

  it.each([
    ['an unclosed quote', 'a: "x', 'config.yaml:1:6'],
    ['an unclosed bracket', 'a: [1, 2\nb: 1', 'config.yaml:2:1'],
    ['a tab as indentation', 'a:\n\tb: 1', 'config.yaml:2:1'],
    ['a second document', 'a: 1\n---\nb: 1', 'config.yaml:2:1'],
    ['two values on a line', 'a: b: c', 'config.yaml:1:4'],
    ['a reserved character', 'a: @b', 'config.yaml:1:4'],
  ])('is told with its position: %s', (_name, text, at) => {
    expect(refused(text)).toMatchObject({ code: 'CONFIG_UNREADABLE', at });
  });

  it.each(['', '\n', '# only a comment\n', '---\n', '~', '\uFEFF'])('is empty: %j', (text) => {
    expect(refused(text)).toMatchObject({ code: 'CONFIG_UNREADABLE', what: 'is empty' });
  });

  it.each(['just text', '5', '[1, 2]', 'true'])('is not a map: %s', (text) => {
    expect(refused(text)).toMatchObject({ code: 'CONFIG_UNREADABLE', what: 'is not a list of `key: value` lines' });
  });

  it('does not repeat the source, which may hold a secret', () => {
    for (const text of [
      'a: *hunter2',
      'a: !hunter2 x',
      'a: "\\hunter2"',
      'password: hunter2: x',
      '"hunter2',
      'a: |hunter2\n',
    ]) {
      expect(JSON.stringify(files.problems(text))).not.toContain('hunter2');
    }
  });

  it('tells a duplicate key together with the other problems', () => {
    const problems = files.problems('environment: {name: test}\nenvironment: {name: X}\n');
    expect(problems).toContainEqual(expect.objectContaining({ at: 'config.yaml:2:1', fix: 'keep one of them' }));
    expect(paths(problems)).toEqual(expect.arrayContaining(['blue', 'green', 'environment.name']));
  });

  it('is too large', () => {
    expect(refused(`a: ${'x'.repeat(300_000)}`).what).toBe('is too large: more than 262144 bytes, allowed are 262144');
  });

  it('is not UTF-8', () => {
    expect(refused(Uint8Array.of(0x61, 0x3a, 0x20, 0xff, 0xfe)).what).toBe('is not UTF-8 text');
  });

  it('is nested without end, or grows without bound through aliases', () => {
    expect(refused('['.repeat(100_000)).code).toBe('CONFIG_UNREADABLE');
    expect(refused(`a: ${'{a: '.repeat(5_000)}${'}'.repeat(5_000)}`).code).toBe('CONFIG_UNREADABLE');
    const lol = Array.from(
      { length: 9 },
      (_, i) =>
        `a${i}: &a${i} [${Array(9)
          .fill(i === 0 ? 'x' : `*a${i - 1}`)
          .join(',')}]`,
    );
    expect(refused(lol.join('\n')).code).toBe('CONFIG_UNREADABLE');
    expect(refused('a: &a [*a]').code).toBe('CONFIG_UNREADABLE');
  });

  it.each([
    ['is missing', () => 'missing.yaml', /does not exist/],
    ['is a folder', () => '.', /is a folder/],
    ['is below a file', () => `${files.write('a: 1')}/x`, /not a folder/],
    ['is a device without end', () => '/dev/zero', /not a regular file/],
  ])('%s', (_name, file, what) => {
    const inspection = inspectConfig({ file: file(), cwd: files.folder(), env: {} });
    expect('fault' in inspection && inspection.problems[0]?.what).toMatch(what);
  });

  it('is a FIFO that nobody writes to, or a link to itself', () => {
    execFileSync('mkfifo', [files.path('fifo')]);
    symlinkSync('loop', files.path('loop'));
    for (const file of ['fifo', 'loop']) {
      expect('fault' in inspectConfig({ file, cwd: files.folder(), env: {} })).toBe(true);
    }
  });

  it('may not be read by this user', () => {
    const name = files.write('a: 1');
    chmodSync(files.path(name), 0);
    const inspection = inspectConfig({ file: name, cwd: files.folder(), env: {} });
    const refusedByMode = 'fault' in inspection && inspection.fault.code === 'CONFIG_UNREADABLE';
    // Modes do not bind root.
    expect(refusedByMode || process.getuid?.() === 0).toBe(true);
  });

  it('is reported together with wrong variables and flags', () => {
    mkdirSync(files.path('folder'));
    const inspection = inspectConfig({
      file: 'folder',
      cwd: files.folder(),
      env: { HYDRA_CUTOVER_X: '' },
      set: ['nope'],
    });
    expect('fault' in inspection && inspection.problems.map(({ at }) => at)).toEqual([
      'folder',
      'environment variable HYDRA_CUTOVER_X',
      '--set',
    ]);
  });
});
