import { configDigest } from '../../../config/digest';
import { isRecorded } from '../../../hydra/paths/registry';
import { toSettings } from '../../../workers/settings';
import { minimalConfig, useConfigFolder } from './config-files';

const files = useConfigFolder();
const paths = (problems: readonly { path: string }[]) => problems.map(({ path }) => path);

const command = { argv: ['hydra', 'migrate', 'sql'] };
const target = (name: string, port: number) => ({
  name,
  controlUrl: `https://${name}.test:${port}`,
  token: '${env:S}',
  states: { blue: { url: 'http://blue' }, green: { url: 'http://green' } },
});

const CALLED = { token: '${env:S}' };
const ETCD = { endpoints: ['https://one.test:2379', 'http://two.test:2379'] };
const ETCD_STATES = { blue: { '/hydra': 'b' }, green: { '/hydra': 'g' } };

function upgradeConfig(changes: object = {}) {
  const { environment, blue, green } = minimalConfig();
  return {
    environment,
    blue: { ...blue, rdsInstanceId: 'hydra-blue' },
    green: { ...green, rdsInstanceId: 'hydra-green' },
    ...changes,
  };
}

const load = (changes: object = {}) => files.load(upgradeConfig(changes), { env: { S: 'sesame' } });
const problems = (changes: object) => files.problems(upgradeConfig(changes), { env: { S: 'sesame' } });

describe('a command', () => {
  const withMigrate = (migrate: object) => {
    const { green } = upgradeConfig();
    return { green: { ...green, commands: { migrate } } };
  };

  it('keeps the secret part of its environment secret and the rest readable', () => {
    const { green } = load(withMigrate({ ...command, env: { LOG_LEVEL: 'debug' }, secretEnv: { SYSTEM: '${env:S}' } }));
    expect(green.commands.migrate?.env).toEqual({ LOG_LEVEL: 'debug' });
    expect(green.commands.migrate?.secretEnv['SYSTEM']?.reveal()).toBe('sesame');
    expect(JSON.stringify(green)).not.toContain('sesame');
    expect(green.commands.migrate?.timeoutMs).toBeGreaterThan(3_600_000);
  });

  it('takes secrets as references only', () => {
    const found = problems(withMigrate({ ...command, secretEnv: { SYSTEM: 'hunter2' } }));
    expect(paths(found)).toEqual(['green.commands.migrate.secretEnv.SYSTEM']);
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });

  it.each([
    ['no program', { argv: [] }, 'green.commands.migrate.argv'],
    ['a shell line', { argv: 'hydra migrate sql' }, 'green.commands.migrate.argv'],
    ['a variable that no process can have', { ...command, env: { 'A=B': 'x' } }, 'green.commands.migrate.env.A=B'],
    ['a value that is no text', { ...command, env: { A: 1 } }, 'green.commands.migrate.env.A'],
    ['no time at all', { ...command, timeoutMs: 0 }, 'green.commands.migrate.timeoutMs'],
  ])('is refused with %s', (_case, migrate, path) => {
    expect(paths(problems(withMigrate(migrate)))).toEqual([path]);
  });
});

describe("green's version", () => {
  it('is refused where nobody recorded what its migrations do, with the command that does', () => {
    const { green } = upgradeConfig();
    const found = problems({ green: { ...green, hydraVersion: '26.2.0' } });
    // Whoever has the program of 26.2.0 may have recorded it here.
    const isKnown = isRecorded({ from: '1.11.10', to: '26.2.0' });
    expect(paths(found)).toEqual(isKnown ? [] : ['green.hydraVersion']);
    expect(JSON.stringify(found)).toContain(isKnown ? '[]' : 'run HYDRA_26_2_0_BIN=… npm run catalogs');
    expect(isRecorded({ from: '1.11.10', to: '2.3.0' })).toBe(true);
    expect(isRecorded({ from: '2.3.0', to: '2.2.0' })).toBe(false);
  });
});

describe("green's instance", () => {
  const withInstance = (instance: object) => {
    const { green } = upgradeConfig();
    return { green: { ...green, instance } };
  };

  it("is as blue's without a word, and what is written reaches the steps", () => {
    expect(toSettings(load()).provider.greenInstance).toEqual({ settings: {} });
    const instance = { instanceClass: 'db.r6g.large', monitoringSeconds: 0, multiAz: true };
    const found = load(withInstance({ ...instance, tags: { team: 'sso' }, leaveToRds: ['port'] }));
    expect(toSettings(found).provider.greenInstance).toEqual({
      ...{ settings: instance, tags: { team: 'sso' }, leaveToRds: ['port'] },
    });
  });

  it.each([
    ['a setting that there is not', { colour: 'green' }, 'green.instance.colour'],
    ['an interval that RDS does not know', { monitoringSeconds: 7 }, 'green.instance.monitoringSeconds'],
    ['a tag of ours', { tags: { 'hydra-cutover:cutover-id': 'x' } }, 'green.instance.tags.hydra-cutover:cutover-id'],
    ['a tag of AWS', { tags: { 'aws:x': 'x' } }, 'green.instance.tags.aws:x'],
    ['no security group at all', { securityGroups: [] }, 'green.instance.securityGroups'],
    ['a name that is left to nobody', { leaveToRds: ['colour'] }, 'green.instance.leaveToRds[0]'],
  ])('is refused with %s', (_case, instance, path) => {
    expect(paths(problems(withInstance(instance)))).toEqual([path]);
  });
});

describe('cross-checks of an upgrade', () => {
  it.each<[string, object, string[]]>([
    ['two targets of one name', { targets: [target('a', 1), { ...target('a', 2) }] }, ['targets[1].name']],
    [
      'a gateway listed as a target too',
      {
        gateways: [{ name: 'g', controlUrl: 'https://a.test:1', token: '${env:S}' }],
        targets: [target('a', 1)],
      },
      ['targets[0].controlUrl'],
    ],
    [
      'a target whose states are the same',
      { targets: [{ ...target('a', 1), states: { blue: { x: 1 }, green: { x: 1 } } }] },
      ['targets[0].states.green'],
    ],
    [
      'a target without a state for green',
      { targets: [{ ...target('a', 1), states: { blue: 1 } }] },
      ['targets[0].states.green'],
    ],
    [
      'secrets that could be read on the way',
      {
        gateways: [{ ...CALLED, name: 'g', controlUrl: 'http://10.0.0.1:1' }],
        jobs: [{ ...CALLED, name: 'j', controlUrl: 'http://127.example' }],
        targets: [
          { ...target('a', 1), controlUrl: 'HTTP://a.test' },
          { name: 'b', kind: 'etcd', etcd: { ...ETCD, user: 'u', password: '${env:S}' }, states: ETCD_STATES },
        ],
      },
      ['gateways[0].controlUrl', 'jobs[0].controlUrl', 'targets[0].controlUrl', 'targets[1].etcd.endpoints[1]'],
    ],
    ['a budget above the fence', { switchover: { pauseBudgetMs: 9_000 } }, ['switchover.pauseBudgetMs']],
    ['a fence that is over at once', { switchover: { holdDeadlineMs: 1_500 } }, ['switchover.leaseMarginMs']],
    ['one lock that takes the whole pause', { switchover: { lockTimeoutMs: 5_000 } }, ['switchover.lockTimeoutMs']],
    [
      "another owner of Hydra's tables on green",
      { green: { ...upgradeConfig().green, hydraRole: { name: 'other' } } },
      ['green.hydraRole.name'],
    ],
    [
      'roles of a run that are other roles too',
      { green: { ...upgradeConfig().green, syncRole: 'hydra', migrationRole: 'hydra' } },
      ['green.syncRole', 'green.migrationRole'],
    ],
    [
      'another schema on green',
      { blue: { ...upgradeConfig().blue, database: { ...minimalConfig().blue.database, schema: 'auth' } } },
      ['green.database.schema'],
    ],
  ])('refuse %s', (_case, changes, expected) => {
    expect(paths(problems(changes))).toEqual(expected);
  });

  it('let secrets go in plain text to this machine, and to another one where a key says so', () => {
    const ours = ['http://127.0.0.1:1', 'http://localhost:2', 'http://[::1]:3'];
    const jobs = ours.map((controlUrl, index) => ({ ...CALLED, name: `j${index}`, controlUrl }));
    const allowed = { name: 'g', ...CALLED, controlUrl: 'http://10.0.0.1:1', allowPlaintext: true };
    // Without a password nothing is sent that is worth reading.
    const open = { name: 'b', kind: 'etcd', etcd: ETCD, states: ETCD_STATES };
    expect(problems({ jobs, gateways: [allowed], targets: [open] })).toEqual([]);
  });

  it('let a budget be exactly as long as the fence', () => {
    expect(problems({ switchover: { pauseBudgetMs: 8_000 } })).toEqual([]);
  });
});

describe('an upgrade in place', () => {
  it.each(['2.2.0', '1.0.8'])('is refused from %s, which no proven way leads from, and says what to do', (from) => {
    const old = { publicUrl: 'http://old.test:4444', adminUrl: 'http://old.test:4445' };
    const inPlace = { from, old, oldRole: 'hydra', newRole: 'hydra_next', scratch: { name: 'scratch' } };
    const found = problems({ inPlace });
    expect(paths(found)).toEqual(['inPlace.from']);
    expect(JSON.stringify(found)).toMatch(/allowed: 1\.3\.2; from 1\.11\.10 or 2\.2\.0 leave inPlace out/);
  });
});

describe('the settings of the steps', () => {
  it('hold what the config says, defaults included, and nothing secret', () => {
    const gateway = (name: string, databaseRole: string) => ({
      name,
      controlUrl: `https://${name}.test`,
      token: '${env:S}',
      databaseRole,
    });
    const settings = toSettings(
      load({
        gateways: [gateway('one', 'gateway_b'), gateway('two', 'gateway_a'), gateway('three', 'gateway_b')],
        bake: { p95MsMax: 300 },
        retention: { keepSnapshot: false },
      }),
    );
    expect(settings).toMatchObject({
      environment: { name: 'test', production: true },
      hydraVersion: { blue: '1.11.10', green: '2.3.0' },
      hydraSchema: 'public',
      provider: { blueInstanceId: 'hydra-blue', greenInstanceId: 'hydra-green', keepSnapshot: false },
      green: { hydraRole: 'hydra', arbiterRoles: ['gateway_a', 'gateway_b'] },
      switchover: { pauseBudgetMs: 5_000, holdDeadlineMs: 10_000, leaseMarginMs: 2_000 },
      bake: { p95MsMax: 300 },
      gates: { finalize: 'manual' },
      accessTokenLifespanMs: null,
    });
    expect(JSON.stringify(settings)).not.toContain('sesame');
    expect(structuredClone(settings)).toEqual(settings);
  });

  it('are refused for a config without instances, naming both', () => {
    expect(() => toSettings(files.load(minimalConfig()))).toThrow(/blue\.rdsInstanceId and green\.rdsInstanceId/);
  });
});

describe('the digest of a config', () => {
  const withPassword = (text: string, env: NodeJS.ProcessEnv) => {
    const config = upgradeConfig();
    const database = { ...config.blue.database, password: text };
    return configDigest(files.load({ ...config, blue: { ...config.blue, database } }, { env }));
  };

  it('does not depend on the order of keys or on secrets', () => {
    const config = upgradeConfig();
    const turned = Object.fromEntries(Object.entries(config).reverse());
    expect(configDigest(files.load(turned))).toBe(configDigest(files.load(config)));
    expect(withPassword('${env:A}', { A: 'one' })).toBe(withPassword('${env:B}', { B: 'two' }));
  });

  it('does not depend on how a process logs or which version a worker is: a roll-out must not refuse what was planned', () => {
    const digests = [load(), load({ log: { level: 'debug' } }), load({ worker: { versioning: { buildId: 'v2' } } })];
    expect(new Set(digests.map(configDigest)).size).toBe(1);
  });

  it('changes with everything else, the state of a target included', () => {
    const digests = [
      load(),
      load({ sync: { batchRows: 501 } }),
      load({ targets: [target('a', 1)] }),
      load({ targets: [{ ...target('a', 1), states: { blue: { url: 'x' }, green: { url: 'http://green' } } }] }),
    ].map(configDigest);
    expect(new Set(digests).size).toBe(digests.length);
  });
});

describe('a name in PostgreSQL', () => {
  const withSchema = (schema: string) => ({
    blue: { ...upgradeConfig().blue, database: { ...minimalConfig().blue.database, schema } },
    green: { ...upgradeConfig().green, database: { ...minimalConfig().green.database, schema } },
  });

  it.each([`O'Hydra "its" schema`, 'Größe', '🐎'.repeat(15), 'x'.repeat(63)])('may be %s', (schema) => {
    expect(problems(withSchema(schema))).toEqual([]);
  });

  it.each([
    ['longer than PostgreSQL keeps it', '🐎'.repeat(16)],
    ['with a control character', 'hydra\n'],
    ['nothing', ''],
  ])('is refused when it is %s', (_what, schema) => {
    expect(paths(problems(withSchema(schema)))).toContain('blue.database.schema');
  });
});
