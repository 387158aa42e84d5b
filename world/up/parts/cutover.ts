import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type ConfigInput } from '../../../config/schema';
import { iamPolicyOf, sqlOf } from '../../../cli/privileges/privileges-of';
import { loadConfig } from '../../../config/load';
import { type ProcessSpec, cleanEnvironment, readJson, typescriptCommand, writeAtomically } from '../../supervisor';
import { HYDRA_LAUNCH_FACTS, HYDRA_VERSION_FACTS } from '../../../hydra/versions';
import { createLogin, withClient } from '../../hydra';
import { type Deployment } from '../../side/side-file';
import { blueHydra } from '../blue-hydra';
import { GATEWAY_ROLE } from './blue-side';
import { createScratch, NEXT_ROLE, SCRATCH_DATABASE } from './older-hydra';
import { type PartialInfo, type WorldContext, type WorldPart, known } from '../world-part';

/** The name of this environment, and so of the workflow: `cutover/world`. */
const ENVIRONMENT = 'world';
/** What the worker logs in to both databases as. */
const TOOL_ROLE = 'cutover';
const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;

const readySchema = z.object({ pid: z.number() });

/** The config of an upgrade of this world, and the worker that runs it. */
export const cutoverPart: WorldPart = {
  title: 'cutover worker',
  async up(context, info) {
    const folder = join(context.dataDir, 'cutover');
    mkdirSync(join(folder, 'secrets'), { recursive: true, mode: 0o700 });
    const configFile = join(folder, 'hydra-cutover.yaml');
    const secret = secretFiles(folder);
    const reports = join(folder, 'reports');
    mkdirSync(reports, { recursive: true });
    const config: ConfigInput = {
      ...cutoverConfig(context, info, secret),
      canary: await canaryConfig(context, info, secret),
      report: { to: reports },
    };
    writeFileSync(configFile, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
    const { endpoint, region, tool } = known(info, 'rds');
    const env = {
      AWS_ENDPOINT_URL_RDS: endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: tool.accessKeyId,
      AWS_SECRET_ACCESS_KEY: tool.secretAccessKey,
    };
    await givePrivileges(context, info, configFile, env);
    const running = await context.supervisor.start(workerProcess(context.runDir, configFile, env));
    return { cutover: { configFile, env, pid: running.pid } };
  },
};

/** What `hydra-cutover privileges` prints for this config, and nothing else: the role on blue, and the policy of the AWS keys. */
async function givePrivileges(
  context: WorldContext,
  info: PartialInfo,
  configFile: string,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const config = loadConfig({ file: configFile, env, unreadSecrets: true });
  const { tool, region } = known(info, 'rds');
  writeAtomically(tool.policyFile, iamPolicyOf(config, { region }));
  const { instance, database } = known(info, 'blue');
  const { host, port, masterUser: user, masterPassword: password } = instance;
  const master = { host, port, user, password };
  await withClient(master, database.name, (client) => client.query(sqlOf(config)));
  await createLogin(master, TOOL_ROLE, context.settings.secret('tool-database-password'));
  if (context.options.inPlace !== true) return;
  await createScratch(master, TOOL_ROLE);
}

/** How the supervisor runs the worker, first and again after it was killed. */
export function workerProcess(runDir: string, configFile: string, env: Readonly<Record<string, string>>): ProcessSpec {
  const readyFile = join(runDir, 'processes', 'worker.ready');
  const program = typescriptCommand('cli/main.ts', ['worker', '--config', configFile, '--ready', readyFile]);
  return {
    name: 'worker',
    command: program.command,
    args: program.args,
    env: cleanEnvironment({ ...program.env, ...env }),
    ready: async () => readySchema.safeParse(readJson(readyFile)).success,
    readyFile,
    readyTimeoutMs: READY_TIMEOUT_MS,
    stopTimeoutMs: STOP_TIMEOUT_MS,
  };
}

/** Secrets stand in files of their own; the config only refers to them. */
function secretFiles(folder: string): (name: string, value: string) => string {
  return (name, value) => {
    writeFileSync(join(folder, 'secrets', name), value, { mode: 0o600 });
    return `\${file:secrets/${name}}`;
  };
}

function cutoverConfig(
  context: WorldContext,
  info: PartialInfo,
  secret: (name: string, value: string) => string,
): ConfigInput {
  const { instance, database, hydra } = known(info, 'blue');
  const gateway = known(info, 'gateway');
  const { greenHydra } = gateway;
  const [policies, resources] = [known(info, 'policyService'), known(info, 'resourceApi')];
  const temporal = known(info, 'temporal');
  const login = {
    name: database.name,
    user: TOOL_ROLE,
    password: secret('tool-password', context.settings.secret('tool-database-password')),
    ssl: { mode: 'verify-full', ca: `\${file:${known(info, 'rds').caFile}}` },
  } as const;
  const states = {
    blue: blueHydra(info),
    green: {
      adminUrl: greenHydra.adminUrl,
      apiGeneration: HYDRA_VERSION_FACTS[context.tools.hydra.green.version].apiGeneration,
    },
  };
  const [policyToken, resourceToken] = [
    secret('policy-service-token', policies.controlToken),
    secret('resource-api-token', resources.controlToken),
  ];
  return {
    environment: { name: ENVIRONMENT, production: false, allowsDrill: true },
    temporal: { address: temporal.address, namespace: temporal.namespace, tls: { enabled: false } },
    rds: { pollMs: 200 },
    blue: {
      hydraVersion: hydra.version,
      publicUrl: hydra.publicUrl,
      adminUrl: hydra.adminUrl,
      rdsInstanceId: instance.identifier,
      database: { ...login, host: instance.host, port: instance.port },
      hydraRole: { name: database.user },
      commands: { stop: sideCommand(context, 'stop', 'blue'), start: sideCommand(context, 'start', 'blue') },
    },
    green: greenConfig(context, info, login, secret),
    ...inPlaceConfig(context, info, secret),
    gateways: [
      {
        name: 'gateway',
        controlUrl: gateway.controlUrl,
        token: secret('gateway-token', gateway.controlToken),
        databaseRole: GATEWAY_ROLE,
      },
    ],
    targets: [
      { name: 'policy-service', controlUrl: policies.controlUrl, token: policyToken, states },
      { name: 'resource-api', controlUrl: resources.controlUrl, token: resourceToken, states },
    ],
    jobs: [{ name: 'policy-cleanup', controlUrl: policies.controlUrl, token: policyToken }],
    bake: { durationMs: 10_000, pollMs: 1_000 },
    switchover: { retryDelayMs: 2_000 },
    log: { level: 'info' },
  };
}

/** The user who logs in when the capture begins; Hydra calls the worker back when he logs out. */
async function canaryConfig(
  { settings }: WorldContext,
  info: PartialInfo,
  secret: (name: string, value: string) => string,
): Promise<ConfigInput['canary']> {
  const { publicUrl, adminUrl, caFile } = known(info, 'gateway');
  const port = await settings.port('canary-back-channel');
  return {
    publicUrl,
    adminUrl,
    ca: `\${file:${caFile}}`,
    key: secret('canary-key', settings.secret('canary-key')),
    backChannel: { url: `http://127.0.0.1:${port}/logged-out`, port },
  };
}

function greenConfig(
  context: WorldContext,
  info: PartialInfo,
  database: ConfigInput['green']['database'],
  secret: (name: string, value: string) => string,
): ConfigInput['green'] {
  const { database: blue, hydra } = known(info, 'blue');
  const { version, binary } = context.tools.hydra.green;
  const secretEnv = { SECRETS_SYSTEM: secret('hydra-secrets-system', hydra.secretsSystem) };
  const password = secret('green-hydra-password', context.settings.secret('green-hydra-password'));
  return {
    hydraVersion: version,
    ...known(info, 'gateway').greenHydra,
    rdsInstanceId: 'green',
    database,
    hydraRole: { name: blue.user, password },
    commands: {
      migrate: { argv: [binary, ...HYDRA_VERSION_FACTS[version].migrateArgs], secretEnv },
      migrateStatus: { argv: [binary, 'migrate', 'sql', 'status', '-e'], secretEnv },
      start: sideCommand(context, 'start', 'green'),
      stop: sideCommand(context, 'stop', 'green'),
    },
  };
}

/** Nothing in a world that begins with blue's own version. */
function inPlaceConfig(
  context: WorldContext,
  info: PartialInfo,
  secret: (name: string, value: string) => string,
): Pick<ConfigInput, 'inPlace'> {
  const { older, hydra, database } = known(info, 'blue');
  if (older === undefined) return {};
  const secretEnv = { SECRETS_SYSTEM: secret('hydra-secrets-system', hydra.secretsSystem) };
  const env = { SQA_OPT_OUT: 'true', LOG_LEVEL: 'warn' };
  const { migrateArgs } = HYDRA_LAUNCH_FACTS['1.3.2'];
  const { controlUrl, controlToken } = known(info, 'gateway');
  const encrypt = sideCommand(context, 'encrypt', 'blue');
  return {
    inPlace: {
      from: '1.3.2',
      old: older,
      oldRole: database.user,
      newRole: NEXT_ROLE,
      scratch: { name: SCRATCH_DATABASE },
      commands: {
        migrateOld: { argv: [context.tools.olderHydra ?? '', ...migrateArgs], env, secretEnv },
        migrateNew: {
          argv: [context.tools.hydra.blue.binary, ...HYDRA_VERSION_FACTS[hydra.version].migrateArgs],
          env,
          secretEnv,
        },
        startBeside: sideCommand(context, 'start', 'beside'),
        stopBeside: sideCommand(context, 'stop', 'beside'),
        stopOld: sideCommand(context, 'stop', 'older'),
        startOld: sideCommand(context, 'start', 'older'),
        encrypt: {
          argv: encrypt.argv,
          env: { ...encrypt.env, GATEWAY_CONTROL_URL: controlUrl },
          secretEnv: { GATEWAY_CONTROL_TOKEN: secret('gateway-token', controlToken) },
        },
      },
      judge: { durationMs: 20_000, pollMs: 1_000, requestsMin: 8 },
    },
  };
}

function sideCommand(context: WorldContext, action: 'start' | 'stop' | 'encrypt', side: Deployment) {
  const { command, args, env } = typescriptCommand('world/side/main.ts', [action, side, '--run-dir', context.runDir]);
  return { argv: [command, ...args], env: { ...env } };
}
