import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments, parse } from 'yaml';
import { gatewayConfigSchema } from '../../../gateway/node/config-schema';
import { authority } from '../../support/authority';
import { GatewayHome } from '../../unit/gateway/support/gateway-process';
import { rawExchange, startUpstream } from '../../unit/gateway/support/sockets';

const run = promisify(execFile);
const ROOT = join(__dirname, '..', '..', '..');
const DEPLOY = join(ROOT, 'gateway', 'deploy');

let folder = '';
let program = '';
const shipped = (name: string) => join(dirname(program), name);
const hydraGateway = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  run(process.execPath, [program, ...args], { cwd: folder, env: { PATH: process.env['PATH'], ...env } });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hydra-gateway-package-'));
  const { stdout } = await run(process.execPath, [join(ROOT, 'scripts', 'pack-gateway.js'), '--out', folder]);
  const prefix = join(folder, 'prefix');
  const installed = await run('sh', [join(DEPLOY, 'install.sh'), stdout.trim(), prefix], { cwd: folder });
  expect(installed.stdout.trim().split('\n').at(-1)).toBe(join(prefix, 'bin', 'hydra-gateway'));
  program = realpathSync(join(prefix, 'bin', 'hydra-gateway'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the package of the gateway, installed where nothing else is', () => {
  it('says how it is used, and finds nothing wrong with the config that comes with it', async () => {
    expect((await hydraGateway(['--help'])).stdout).toContain('hydra-gateway --config FILE');
    const home = join(folder, 'etc');
    mkdirSync(join(home, 'certificates'), { recursive: true });
    const ours = await authority();
    const { cert, key } = await ours.issue('gateway.internal.example');
    writeFileSync(join(home, 'certificates', 'gateway.pem'), cert);
    writeFileSync(join(home, 'certificates', 'gateway-key.pem'), key);
    writeFileSync(join(home, 'certificates', 'workers-ca.pem'), ours.cert);
    const keys = (await hydraGateway(['cookie-keys'], { SECRETS_SYSTEM: 'a-system-secret-of-hydra' })).stdout;
    const env = {
      GATEWAY_CONTROL_TOKEN: 'a-token-of-sixteen-and-more',
      GATEWAY_DOUBT_PASSWORD: 'secret',
      GATEWAY_COOKIE_KEYS: keys.trim().replace(/^GATEWAY_COOKIE_KEYS=/, ''),
    };
    const example = readFileSync(shipped('gateway.yaml'), 'utf8');
    const check = async (stateFolder: string) => {
      const file = join(home, 'gateway.yaml');
      writeFileSync(file, example.replace('/var/lib/hydra-gateway', stateFolder));
      const ended = hydraGateway(['--config', file, '--check'], env);
      return ended.then(
        ({ stdout }) => stdout,
        (error: { stderr: string }) => error.stderr,
      );
    };
    expect(await check(home)).toContain('the folder of the state are good');
    expect(await check(join(home, 'gone'))).toMatch(
      /STATE_UNWRITABLE: there is no folder \S+gone .*make it for the user/,
    );
    rmSync(join(home, 'certificates'), { recursive: true });
    const missing = [...(await check(home)).matchAll(/listeners\.(\w+)\.tls\.(\w+): ENOENT/g)];
    expect(missing.map(([, name, key]) => `${name} ${key}`)).toEqual([
      'public certFile',
      'admin certFile',
      'control clientCaFile',
    ]);
  });

  it('serves, holds, and is flipped', async () => {
    const answers = (name: string) =>
      startUpstream((request, response) => void request.resume().on('end', () => response.end(name)));
    const [blue, green] = [await answers('blue'), await answers('green')];
    const home = await GatewayHome.create([program]);
    try {
      const gateway = await home.start({ blue: blue.url, green: green.url });
      const get = () => rawExchange(gateway.publicPort, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      expect(await get()).toMatch(/blue$/);
      await gateway.stage(1, 'green');
      expect(await gateway.hold(1)).toMatchObject({ status: 200, body: { inFlight: 0 } });
      const parked = get();
      await gateway.until({ parked: 1 });
      await gateway.apply(1);
      expect(await parked).toMatch(/green$/);
      expect(await gateway.kill('SIGTERM')).toMatchObject({ code: 0 });
    } finally {
      await home.close();
      await Promise.all([blue.close(), green.close()]);
    }
  });

  it('has what its pages and its ways to run it name', () => {
    expect(readdirSync(shipped('deploy')).sort()).toEqual(readdirSync(DEPLOY).sort());
    const readme = readFileSync(shipped('README.md'), 'utf8');
    for (const [, target = ''] of readme.matchAll(/\]\(([^)]+)\)/g))
      expect(readFileSync(shipped(target))).toBeDefined();
  });
});

describe('the ways to run it', () => {
  const text = (name: string) => readFileSync(join(DEPLOY, name), 'utf8');
  const values = (unit: string, key: string) =>
    [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value);

  it('the Containerfile calls the script that was run above, and starts what that installs', () => {
    const container = text('Containerfile');
    expect(container).toContain('RUN /tmp/install.sh /tmp/hydra-gateway-*.tgz /opt/hydra-gateway');
    expect(container).toContain('ENTRYPOINT ["/opt/hydra-gateway/bin/hydra-gateway"]');
  });

  it('the systemd unit starts it, keeps its state, and hands over each secret by the variable that is read', () => {
    const unit = text('hydra-gateway.service');
    expect(values(unit, 'ExecStart')).toEqual([
      '/opt/hydra-gateway/bin/hydra-gateway --config /etc/hydra-gateway/gateway.yaml',
    ]);
    const example = gatewayConfigSchema.parse(parse(readFileSync(join(ROOT, 'examples', 'gateway.yaml'), 'utf8')));
    expect(dirname(example.stateFile)).toBe(`/var/lib/${values(unit, 'StateDirectory')[0] ?? ''}`);
    const credentials = values(unit, 'LoadCredential').map((value) => value.split(':')[0] ?? '');
    const files = values(unit, 'Environment').map((value) => value.split('=%d/') as [string, string]);
    expect(files.map(([, file]) => file)).toEqual(credentials);
    expect(files.map(([name]) => name)).toEqual(SECRET_FILES);
    expect(Number(values(unit, 'TimeoutStopSec')[0]) * 1_000).toBeGreaterThan(example.shutdownTimeoutMs);
    expect(Number(values(unit, 'LimitNOFILE')[0])).toBeGreaterThan(2 * example.limits.connections);
  });

  it('the Kubernetes manifest has a good config, and its ports, probes, secrets and folders are those of the config', () => {
    const [map, , , set] = parseAllDocuments(text('kubernetes.yaml')).map((each) => each.toJS() as unknown) as [
      { data: { 'gateway.yaml': string } },
      unknown,
      unknown,
      StatefulSet,
    ];
    const config = gatewayConfigSchema.parse(parse(map.data['gateway.yaml']));
    const [container] = set.spec.template.spec.containers;
    const { listeners, refreshRetries } = config;
    // Its Service sends a retry to any of the instances, and each knows its own answers alone.
    expect([set.spec.replicas, refreshRetries.keepMs]).toEqual([2, 0]);
    expect(container?.ports).toEqual(
      Object.entries(listeners).map(([name, { port }]) => ({ name, containerPort: port })),
    );
    for (const probe of [container?.readinessProbe, container?.livenessProbe])
      expect(probe?.httpGet.port).toBe('status');
    expect(container?.env.map(({ name }) => name)).toEqual(SECRET_FILES);
    const mounts = container?.volumeMounts.map(({ mountPath }) => mountPath) ?? [];
    const tls = Object.values(listeners).flatMap((listener) => Object.values(listener.tls ?? {}));
    const files = [config.stateFile, ...tls, ...(container?.env.map(({ value }) => value) ?? [])];
    expect(files.filter((file) => !mounts.includes(dirname(file)))).toEqual([]);
  });
});

const SECRET_FILES = ['GATEWAY_CONTROL_TOKEN_FILE', 'GATEWAY_DOUBT_PASSWORD_FILE', 'GATEWAY_COOKIE_KEYS_FILE'];

interface Probe {
  readonly httpGet: { readonly port: string };
}
interface StatefulSet {
  readonly spec: {
    readonly replicas: number;
    readonly template: {
      readonly spec: {
        readonly containers: readonly {
          readonly env: readonly { readonly name: string; readonly value: string }[];
          readonly ports: unknown;
          readonly readinessProbe: Probe;
          readonly livenessProbe: Probe;
          readonly volumeMounts: readonly { readonly mountPath: string }[];
        }[];
      };
    };
  };
}
