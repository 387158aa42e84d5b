import { randomBytes } from 'node:crypto';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  AddTagsToResourceCommand,
  CreateDBInstanceCommand,
  DescribeDBInstancesCommand,
  RDSClient,
} from '@aws-sdk/client-rds';
import { Connection } from '@temporalio/client';
import { type Client } from 'pg';
import { CUTOVER_TAG } from '../../../../domain/ports/database-provider';
import { createLogger } from '../../../../config/logger';
import { freePort } from '../../../../world/net/free-port';
import { startRdsEndpoint, type RdsEndpoint } from '../../../../world/rds/endpoint';
import { cleanEnvironment } from '../../../../world/supervisor';
import { useDatabase } from '../../../support/database';
import { dropRunRoles, makeRunRoles } from '../../../support/run-roles';
import { startHydra, type TestHydra } from '../../../support/hydra';
import { sharedServers } from '../../../support/shared-servers';
import { runCliProcess } from '../run-program';

const SECRETS = { DB: 'db-s3cret-db', GW: 'gw-s3cret-gw', RDS: 'rds-s3cret-rds' };
const STATES = { blue: { upstream: 'blue' }, green: { upstream: 'green' } };
const REGION = 'us-east-1';
const INSTANCE = 'blue-instance';

interface Report {
  readonly schemaVersion: number;
  readonly ok: boolean;
  readonly subject: string;
  readonly checks: readonly { id: string; status: string; summary: string; fix?: string }[];
}

const suffix = randomBytes(4).toString('hex');
const OWNER = `owner_${suffix}`;
const RUN_ROLES = { syncRole: `sync_${suffix}`, migrationRole: `migrate_${suffix}` };
// Before the databases go, as whoever has roles in them.
afterAll(async () => {
  await superuser.query(`REVOKE ALL ON SCHEMA public FROM ${OWNER}`);
  await dropRunRoles([...Object.values(RUN_ROLES), OWNER]);
});
const blueDatabase = useDatabase('hydra_1_11_10');
const migratedDatabase = useDatabase('hydra_2_3_0');
const execute = promisify(execFile);

let folder = '';
let hydra: TestHydra;
let temporal: ChildProcess;
let temporalPort = 0;
let rds: RdsEndpoint;
let gateway: HttpServer;
let superuser: Client;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'doctor-'));
  chmodSync(folder, 0o755);
  superuser = await blueDatabase.connect();
  await makeRunRoles([OWNER, ...Object.values(RUN_ROLES)]);
  await superuser.query(
    `GRANT ${OWNER} TO ${RUN_ROLES.migrationRole}; GRANT USAGE, CREATE ON SCHEMA public TO ${OWNER}`,
  );
  [hydra, temporalPort, rds, gateway] = await Promise.all([
    startHydra({ version: '1.11.10', database: blueDatabase.config, loginAppUrl: 'http://127.0.0.1:1' }),
    startTemporal(),
    startRds(),
    startGateway(),
  ]);
});

afterAll(async () => {
  const gone = once(temporal, 'exit');
  temporal.kill('SIGKILL');
  await Promise.all([gone, hydra.stop(), rds.stop(), new Promise((resolve) => gateway.close(resolve))]);
  rmSync(folder, { recursive: true, force: true });
});

async function startTemporal(): Promise<number> {
  const port = await freePort();
  const ports = ['--http-port', String(await freePort()), '--metrics-port', String(await freePort())];
  // Without search attributes: the fix that doctor tells is tried.
  temporal = spawn(
    sharedServers().binaries.temporalCli,
    ['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', String(port), ...ports],
    { stdio: 'ignore', env: cleanEnvironment({}) },
  );
  for (;;) {
    try {
      const connection = await Connection.connect({ address: `127.0.0.1:${port}`, connectTimeout: 1_000 });
      await connection.close();
      return port;
    } catch {
      await sleep(100);
    }
  }
}

async function startRds(): Promise<RdsEndpoint> {
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: SECRETS.RDS };
  const endpoint = await startRdsEndpoint({
    stateDir: join(folder, 'rds'),
    runDir: join(folder, 'run'),
    port: 0,
    controlPort: 0,
    credentials,
    controlToken: 'control',
    region: REGION,
    logger: createLogger({ level: 'silent' }),
  });
  const client = new RDSClient({ region: REGION, endpoint: endpoint.endpoint, credentials });
  await client.send(
    new CreateDBInstanceCommand({
      DBInstanceIdentifier: INSTANCE,
      DBInstanceClass: 'db.t3.micro',
      Engine: 'postgres',
      EngineVersion: '15',
      AllocatedStorage: 20,
      MasterUsername: 'master',
      MasterUserPassword: SECRETS.DB,
      DBName: 'hydra',
    }),
  );
  for (;;) {
    const answer = await client.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: INSTANCE }));
    if (answer.DBInstances?.[0]?.DBInstanceStatus === 'available') break;
    await sleep(200);
  }
  client.destroy();
  return endpoint;
}

async function startGateway(): Promise<HttpServer> {
  const server = createHttpServer((request, response) => {
    const right = request.headers.authorization === `Bearer ${SECRETS.GW}`;
    response.writeHead(right ? 200 : 401, { 'content-type': 'application/json' });
    const target = { applied: { epoch: 7, state: STATES.blue }, staged: null, highestEpoch: 7 };
    const body = request.url === '/purge/job' ? { paused: true, running: false } : target;
    response.end(right ? JSON.stringify(body) : '{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

const portOf = (server: Server | HttpServer) => (server.address() as AddressInfo).port;

const control = (path = '') => ({
  controlUrl: `http://127.0.0.1:${portOf(gateway)}${path}`,
  token: '${env:GATEWAY_TOKEN}',
});

function environment() {
  const { host, port, user, database } = blueDatabase.config;
  return {
    environment: { name: 'test', production: false },
    checks: { timeoutMs: 60_000 },
    temporal: { address: `127.0.0.1:${temporalPort}`, tls: { enabled: false } },
    rds: { region: REGION },
    blue: {
      hydraVersion: '1.11.10',
      publicUrl: hydra.publicUrl,
      adminUrl: `${hydra.adminUrl}/`,
      rdsInstanceId: INSTANCE,
      database: { host, port, name: database, user, password: '${env:DB_PASSWORD}', ssl: { mode: 'disable' } },
      hydraRole: { name: OWNER },
    },
    green: {
      hydraRole: { name: OWNER },
      ...RUN_ROLES,
      hydraVersion: '2.3.0',
      publicUrl: 'http://127.0.0.1:1',
      adminUrl: 'http://127.0.0.1:1',
      rdsInstanceId: 'green-instance',
      database: { name: database, user, password: '${env:DB_PASSWORD}', ssl: { mode: 'disable' } },
    },
    gateways: [{ name: 'one', ...control() }],
    targets: [{ name: 'policy', kind: 'http', ...control('/policy'), states: STATES }],
    jobs: [{ name: 'purge', ...control('/purge') }],
  };
}

type Change = (config: ReturnType<typeof environment>) => unknown;

async function doctor(change: Change = () => undefined, env: NodeJS.ProcessEnv = {}) {
  const config = environment();
  change(config);
  const file = join(folder, 'config.json');
  writeFileSync(file, JSON.stringify(config));
  const end = await runCliProcess(['doctor', '--config', file, '--json'], {
    env: {
      DB_PASSWORD: blueDatabase.config.password,
      GATEWAY_TOKEN: SECRETS.GW,
      AWS_ENDPOINT_URL_RDS: rds.endpoint,
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: SECRETS.RDS,
      ...env,
    },
  });
  const output = end.stdout + end.stderr;
  for (const secret of Object.values(SECRETS)) expect(output).not.toContain(secret);
  const report = JSON.parse(end.stdout) as Report;
  expect(end.stderr).toBe('');
  expect(report).toMatchObject({ schemaVersion: 1, verb: 'doctor', subject: 'environment', ok: end.code === 0 });
  const of = (id: string) => report.checks.find((check) => check.id === id);
  return {
    code: end.code,
    report,
    of,
    statuses: Object.fromEntries(report.checks.map(({ id, status }) => [id, status])),
  };
}

const GREEN_ABSENT = {
  'green-rds-instance': 'info',
  'green-postgres-connection': 'info',
  'green-postgres-rights': 'info',
  'green-postgres-schema': 'info',
  'green-hydra-ready': 'info',
  'green-hydra-version': 'info',
};

describe('doctor of an environment of real servers', () => {
  it('fails for missing search attributes with a command that fixes it, and is content after that', async () => {
    const before = await doctor();
    expect(before.code).toBe(3);
    const { status, fix = '' } = before.of('temporal-search-attributes') ?? { status: 'none' };
    expect(status).toBe('fail');
    expect(fix).toMatch(/^temporal operator search-attribute create/);
    const args = [...fix.split(' ').slice(1), '--address', `127.0.0.1:${temporalPort}`];
    await execute(sharedServers().binaries.temporalCli, args, { env: cleanEnvironment({}) });

    const after = await doctor();
    expect(after.statuses).toEqual({
      config: 'ok',
      'node-version': 'ok',
      'temporal-namespace': 'ok',
      'temporal-search-attributes': 'ok',
      'blue-rds-instance': 'ok',
      'blue-postgres-connection': 'ok',
      // Everything is there, and the role of the tests may do much more.
      'blue-postgres-rights': 'warn',
      'blue-postgres-schema': 'ok',
      'blue-hydra-ready': 'ok',
      'blue-hydra-version': 'ok',
      ...GREEN_ABSENT,
      'gateway-one': 'ok',
      'target-policy': 'ok',
      'job-purge': 'warn',
    });
    expect(after.code).toBe(0);
    expect(after.of('gateway-one')?.summary).toContain('epoch 7');
    expect(after.of('target-policy')?.summary).toBe('serves blue, epoch 7');
    expect(after.of('job-purge')?.summary).toBe('is paused');
  });

  it('shows everything that is wrong at once, each with what to do', async () => {
    const { code, report, of } = await doctor(
      (config) => {
        Object.assign(config.temporal, { namespace: 'nowhere' });
        config.blue.rdsInstanceId = 'missing';
        config.blue.adminUrl = 'http://127.0.0.1:1';
        Object.assign(config.green, { adminUrl: hydra.adminUrl });
      },
      { DB_PASSWORD: 'wrong', GATEWAY_TOKEN: 'wrong' },
    );
    expect(code).toBe(3);
    expect(of('temporal-namespace')?.fix).toContain('temporal operator namespace create --namespace nowhere');
    expect(of('temporal-search-attributes')?.status).toBe('fail');
    expect(of('blue-rds-instance')?.summary).toContain('there is no instance missing');
    expect(of('blue-postgres-connection')?.summary).toContain('refuses the password');
    expect(of('blue-hydra-ready')?.summary).toContain('nothing listens there');
    expect(of('blue-hydra-ready')?.fix).toMatch(/^behind a cutover it stays stopped; before one, start/);
    expect(of('green-hydra-version')?.summary).toBe('it is 1.11.10, the config says 2.3.0');
    expect(of('gateway-one')?.summary).toContain('refuses the token (401)');
    for (const id of ['target-policy', 'job-purge']) expect(of(id)?.summary).toContain('401');
    for (const check of report.checks.filter(({ status }) => status === 'fail')) expect(check.fix).toBeTruthy();
  });

  it('takes the endpoint from RDS when the config has no host', async () => {
    const { of } = await doctor(
      (config) => {
        Object.assign(config.blue.database, { host: undefined, user: 'master', name: 'hydra' });
      },
      { DB_PASSWORD: SECRETS.DB },
    );
    expect(of('blue-postgres-connection')).toMatchObject({ status: 'ok' });
    // An instance without Hydra's tables is not blue.
    expect(of('blue-postgres-schema')?.summary).toContain('no table hydra_client');
  });

  it('says what a role lacks', async () => {
    const role = `limited_${blueDatabase.config.database}`;
    await superuser.query(`CREATE ROLE ${role} LOGIN PASSWORD 'limited'`);
    try {
      const { of } = await doctor((config) => (config.blue.database.user = role), { DB_PASSWORD: 'limited' });
      expect(of('blue-postgres-connection')?.status).toBe('ok');
      expect(of('blue-postgres-rights')?.summary).toMatch(
        new RegExp(
          `lacks membership of .*; ${role} lacks CREATE on the database; .*${role} may not act as ${RUN_ROLES.syncRole}`,
        ),
      );
    } finally {
      await superuser.query(`DROP ROLE ${role}`);
    }
  });

  it('reads no row where it has a role that only looks, needs no other, and says what that role lacks', async () => {
    const role = `look_${suffix}`;
    const asLook = (config: ReturnType<typeof environment>) =>
      Object.assign(config.blue.database, { look: { user: role, password: '${env:LOOK_PASSWORD}' } });
    const env = { DB_PASSWORD: 'wrong', LOOK_PASSWORD: 'looks' };
    await superuser.query(
      `CREATE ROLE ${role} LOGIN PASSWORD 'looks'; GRANT pg_monitor TO ${role}; GRANT SELECT ON schema_migration TO ${role}`,
    );
    try {
      const { of, statuses } = await doctor(asLook, env);
      expect(statuses).toMatchObject({ 'blue-postgres-connection': 'ok', 'blue-postgres-schema': 'ok' });
      // Of the keeper of the tests, who is a superuser; nothing of the role that looks.
      expect(of('blue-postgres-rights')).toMatchObject({ status: 'warn' });
      expect(of('blue-postgres-rights')?.summary).not.toContain(role);
      await superuser.query(`REVOKE SELECT ON schema_migration FROM ${role}`);
      const lacking = await doctor(asLook, env);
      expect(lacking.of('blue-postgres-rights')).toMatchObject({
        status: 'fail',
        summary: expect.stringContaining(`${role} may not read "public".schema_migration`) as string,
      });
    } finally {
      await superuser.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });

  it('finds a blue that somebody migrated already, although its Hydra says that it is ready', async () => {
    const { of } = await doctor((config) => (config.blue.database.name = migratedDatabase.config.database));
    expect(of('blue-hydra-ready')?.status).toBe('ok');
    expect(of('blue-postgres-schema')).toMatchObject({
      status: 'fail',
      summary: expect.stringContaining('was migrated beyond Hydra 1.11.10 already') as string,
    });
  });

  it('says whose an instance of the name of green is, and advises nobody to remove it: it may serve', async () => {
    const green = async () => {
      const { of } = await doctor((config) => {
        config.blue.rdsInstanceId = 'another';
        config.green.rdsInstanceId = INSTANCE;
      });
      return of('green-rds-instance');
    };
    const foreign = await green();
    expect(foreign).toMatchObject({ status: 'warn', fix: 'choose another green.rdsInstanceId' });
    expect(foreign?.summary).toContain('without the tag of a cutover');
    const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: SECRETS.RDS };
    const client = new RDSClient({ region: REGION, endpoint: rds.endpoint, credentials });
    const { DBInstances } = await client.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: INSTANCE }));
    const ResourceName = DBInstances?.[0]?.DBInstanceArn;
    const Tags = [{ Key: CUTOVER_TAG, Value: 'of-tonight' }];
    await client.send(new AddTagsToResourceCommand({ ResourceName, Tags })).finally(() => client.destroy());
    const ours = await green();
    expect(ours?.status).toBe('info');
    expect(ours?.summary).toMatch(/of cutover of-tonight: .*status .*--from-databases/);
    expect(JSON.stringify([foreign, ours])).not.toMatch(/delete|remove/);
  });

  it('tells wrong AWS credentials, a database that is not there, and TLS that the server does not have', async () => {
    const wrongKey = await doctor(
      (config) => {
        config.blue.database.name = 'nope';
        config.blue.database.ssl.mode = 'disable';
      },
      { AWS_SECRET_ACCESS_KEY: 'wrong' },
    );
    expect(wrongKey.of('blue-rds-instance')?.summary).toContain('SignatureDoesNotMatch');
    expect(wrongKey.of('green-postgres-connection')?.fix).toContain('green RDS instance');
    expect(wrongKey.of('blue-postgres-connection')?.summary).toContain('the database does not exist');
    const tls = await doctor((config) => (config.blue.database.ssl.mode = 'verify-full'));
    expect(tls.of('blue-postgres-connection')?.summary).toContain('the server speaks no TLS');
  });
});

describe('doctor of servers that take connections and never answer', () => {
  it('fails each check at its own deadline and ends', async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => {
      sockets.add(socket.on('error', () => undefined));
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = `127.0.0.1:${portOf(silent)}`;
    const { code, statuses, of } = await doctor(
      (config) => {
        // Time enough for what does answer, on a busy machine.
        config.checks.timeoutMs = 6_000;
        config.temporal.address = address;
        config.blue.adminUrl = `http://${address}`;
        config.blue.database.port = portOf(silent);
        config.gateways = [{ name: 'one', controlUrl: `http://${address}`, token: '${env:GATEWAY_TOKEN}' }];
      },
      { AWS_ENDPOINT_URL_RDS: `http://${address}` },
    );
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
    expect(code).toBe(3);
    const stuck = Object.keys(statuses).filter((id) => of(id)?.summary === 'no answer within 6000 ms');
    expect(stuck).toEqual([
      'temporal-namespace',
      'temporal-search-attributes',
      'blue-rds-instance',
      'green-rds-instance',
      'blue-postgres-connection',
      'blue-postgres-rights',
      'blue-postgres-schema',
      'blue-hydra-ready',
      'blue-hydra-version',
      'green-postgres-connection',
      'green-postgres-rights',
      'green-postgres-schema',
      'gateway-one',
    ]);
  });
});
