import { createPorts } from '../../../workers/ports';
import { EtcdTarget } from '../../../adapters/target-etcd/etcd-target';
import { FileTarget } from '../../../adapters/target-file/file-target';
import { HttpTarget } from '../../../adapters/target-http/http-target';
import { PostgresTarget } from '../../../adapters/target-postgres/postgres-target';
import { HttpGateway } from '../../../adapters/gateway/http-gateway';
import { HttpJob } from '../../../adapters/job/http-job';
import { createLogger } from '../../../config/logger';
import { minimalConfig, useConfigFolder } from './config-files';

const files = useConfigFolder();
const env = { S: 'sesame', AWS_REGION: 'eu-central-1' };
const states = { blue: { url: 'b' }, green: { url: 'g' } };
const control = { controlUrl: 'https://app.test:1', token: '${env:S}' };
const login = { host: 'db.test', database: 'config', user: 'cutover', password: '${env:S}', table: 'app.target' };
const etcd = { endpoints: ['https://etcd.test:2379'] };
const keys = { blue: { '/hydra': 'b', '/only-blue': 'x' }, green: { '/hydra': 'g' } };

const load = (changes: object) =>
  files.load({ ...minimalConfig(), rds: { region: 'eu-central-1' }, ...changes }, { env });
const problems = (targets: readonly object[]) =>
  files.problems({ ...minimalConfig(), targets }, { env }).map(({ path, what }) => `${path}: ${what}`);

describe('targets of the config', () => {
  it('make the adapter of their kind each, without connecting to anything', async () => {
    const reload = { argv: ['systemctl', 'reload', 'app'], secretEnv: { TOKEN: '${env:S}' } };
    const config = load({
      gateways: [{ name: 'edge', ...control, controlUrl: 'https://edge.test:1' }],
      jobs: [{ name: 'purge', ...control }],
      targets: [
        { name: 'plain', ...control, states },
        { name: 'file', kind: 'file', file: { path: '/etc/app.json', place: 'place-of-app', reload }, states },
        { name: 'row', kind: 'postgres', postgres: login, states },
        { name: 'keys', kind: 'etcd', etcd: { ...etcd, user: 'u', password: '${env:S}' }, states: keys },
      ],
    });
    const ports = createPorts(config, createLogger({ level: 'silent' }));
    try {
      const kinds = ports.targets.map((target) => [target.name, target.constructor]);
      expect(kinds).toEqual([
        ['plain', HttpTarget],
        ['file', FileTarget],
        ['row', PostgresTarget],
        ['keys', EtcdTarget],
      ]);
      expect(ports.gateways[0]).toBeInstanceOf(HttpGateway);
      expect(ports.jobs[0]).toBeInstanceOf(HttpJob);
    } finally {
      await ports.close();
    }
    expect(JSON.stringify(config)).not.toContain('sesame');
  });

  it('are refused with everything that is wrong, at once', () => {
    const found = problems([
      { name: 'a', states },
      { name: 'b', kind: 'file', ...control, states },
      { name: 'c', kind: 'postgres', postgres: { ...login, table: 'a.b.c', password: 'sesame' }, states },
      { name: 'd', kind: 'etcd', etcd: { endpoints: [], user: 'u' }, states: { blue: 'x', green: { k: 1 } } },
      { name: 'e', kind: 'file', file: { path: 'relative.json', place: 'app', reload: { argv: [] } }, states },
      { name: 'f', kind: 'zookeeper', states },
    ]);
    expect(found.map((problem) => problem.split(':')[0])).toEqual(
      expect.arrayContaining([
        'targets[0].controlUrl',
        'targets[0].token',
        'targets[1].file',
        'targets[1].controlUrl',
        'targets[1].token',
        'targets[2].postgres.table',
        'targets[2].postgres.password',
        'targets[3].etcd.endpoints',
        'targets[3].etcd.password',
        'targets[3].states.blue',
        'targets[3].states.green',
        'targets[4].file.path',
        'targets[4].file.place',
        'targets[4].file.reload.argv',
        'targets[5].kind',
      ]),
    );
    expect(found).toHaveLength(15);
    expect(found.join()).not.toContain('sesame');
  });

  it.each([
    ['one file', { kind: 'file', file: { path: '/etc/app.json', place: 'place-of-app' }, states }, 'targets[1].file'],
    ['one row', { kind: 'postgres', postgres: { ...login, row: 'r' }, states }, 'targets[1].postgres'],
    ['one record of etcd', { kind: 'etcd', etcd: { ...etcd, recordKey: '/r' }, states: keys }, 'targets[1].etcd'],
  ])('are refused when two lead to %s', (_case, target, path) => {
    expect(
      problems([
        { name: 'a', ...target },
        { name: 'b', ...target },
      ]),
    ).toEqual([`${path}: leads to the same place as that of targets[0]`]);
  });

  it('keep the record of etcd out of the keys that the system reads, and the keys within one transaction', () => {
    const clash = { name: 'a', kind: 'etcd', etcd: { ...etcd, recordKey: '/hydra' }, states: keys };
    expect(problems([clash])).toEqual(['targets[0].etcd.recordKey: is one of the keys that the system reads']);
    const many = (value: string) => Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`/k${n}`, value]));
    const big = { name: 'a', kind: 'etcd', etcd, states: { blue: many('b'), green: many('g') } };
    expect(problems([big])).toEqual(['targets[0].states: has 101 keys; allowed are 100']);
  });
});
