import { type StepDeps, type StepLog } from '../activities/step';
import { type CommandSpec, ProcessCommandRunner } from '../adapters/command/process-command-runner';
import { type ControlAddress } from '../adapters/control/control-client';
import { HttpCanaryUser } from '../adapters/canary-user';
import { HttpGateway } from '../adapters/gateway/http-gateway';
import { HttpHydraApi } from '../adapters/hydra-api';
import { HttpCounter } from '../adapters/metrics';
import { HttpWebhook } from '../adapters/webhook';
import { keepReportFiles, lookAtFolder } from '../adapters/report-folder';
import { type AsidePorts } from '../activities/keep-asides';
import { HttpJob } from '../adapters/job/http-job';
import { type DatabaseLocation, PostgresDatabases } from '../adapters/postgres/postgres-databases';
import { TemporalRunBrake, TemporalRunHistory, type TemporalRunOptions } from '../adapters/temporal-history';
import { createRdsClient } from '../adapters/rds/create-rds-client';
import { RdsDatabaseProvider } from '../adapters/rds/rds-database-provider';
import { type CommandConfig, type Config } from '../config/schema';
import { temporalConnection } from '../config/temporal-connection';
import { type CommandName } from '../domain/ports/command-runner';
import { FORWARD, type SideName } from '../domain/sides';
import { HYDRA_VERSION_FACTS } from '../hydra/versions';
import { commandLog } from './command-log';
import { commandSpec } from './command-spec';
import { createTarget } from './create-target';
import { type SecretKeeper } from './secret-keeper';

/** Every port of the steps, the direction of the switchover, and how to let go of what they hold. */
export interface Ports extends Omit<StepDeps, 'settings' | 'log'>, AsidePorts {
  /** Ends idle connections. Idempotent. */
  close(): Promise<void>;
}

/**
 * Composes the adapters that the config names. Connects to nothing yet.
 *
 * @param secrets asked for newer ones when one is refused
 */
export function createPorts(config: Config, log: StepLog, secrets?: SecretKeeper): Ports {
  const renew = () => secrets?.renew() ?? Promise.resolve(false);
  const onLine = commandLog(log);
  const address = ({ name, controlUrl, token, ca }: Config['jobs'][number]): ControlAddress => ({
    ...{ name, controlUrl, ca, renew },
    token: () => token.reveal(),
  });
  const client = createRdsClient(config.rds.region);
  const provider = new RdsDatabaseProvider(client);
  const databases = new PostgresDatabases({
    sides: { blue: location(config, 'blue'), green: location(config, 'green') },
    provider,
    renewSecrets: renew,
  });
  const hydra = new HttpHydraApi({ sides: { blue: endpoints(config, 'blue'), green: endpoints(config, 'green') } });
  const gateways = config.gateways.map((gateway) => {
    const shown = gateway.clientCertificate;
    const clientCertificate = shown && { cert: shown.cert, key: () => shown.key.reveal() };
    return new HttpGateway({ ...address(gateway), clientCertificate });
  });
  const targets = config.targets.map((target) => createTarget(target, renew, onLine));
  const counters = config.bake.counters.map((counter) => new HttpCounter(counter));
  const jobs = config.jobs.map((job) => new HttpJob(address(job)));
  const webhook = createWebhook(config);
  const canaryUser = createCanaryUser(config);
  const { to } = config.report;
  log.debug({ gateways: config.gateways.length, targets: config.targets.length }, 'ports composed');
  return {
    direction: FORWARD,
    databases,
    provider,
    hydra,
    history: new TemporalRunHistory(historyOptions(config)),
    brake: new TemporalRunBrake(historyOptions(config)),
    commands: new ProcessCommandRunner({ commands: commandSpecs(config), onLine }),
    gateways,
    targets,
    jobs,
    counters,
    ...(webhook && { webhook }),
    ...(canaryUser && { canaryUser }),
    ...(to === undefined
      ? {}
      : {
          reportFolder: { keep: (report) => keepReportFiles(to, report) },
          lookAtReportFolder: () => lookAtFolder(to),
        }),
    close: async () => {
      client.destroy();
      await webhook?.close();
      await canaryUser?.close();
      await Promise.all([hydra, ...gateways, ...targets, ...jobs, ...counters].map((port) => port.close()));
    },
  };
}

function createWebhook({ webhook }: Config): HttpWebhook | undefined {
  if (webhook === undefined) return undefined;
  const { url, secret, timeoutMs, ca } = webhook;
  return new HttpWebhook({ url, timeoutMs, secret: () => secret.reveal(), ca });
}

function createCanaryUser({ canary }: Config): HttpCanaryUser | undefined {
  if (canary === undefined) return undefined;
  const { publicUrl, adminUrl, ca, key, backChannel } = canary;
  return new HttpCanaryUser({
    gateway: { publicUrl, adminUrl, ca },
    key: () => key.reveal(),
    ...(backChannel && { backChannel }),
  });
}

/** A prediction is worth no long wait. */
const HISTORY_TIMEOUT_MS = 5_000;

export function historyOptions({ temporal, checks }: Config): TemporalRunOptions {
  return {
    timeoutMs: Math.min(checks.timeoutMs, HISTORY_TIMEOUT_MS),
    connection: () => temporalConnection(temporal),
  };
}

export function location(config: Config, side: SideName): DatabaseLocation {
  const { database, hydraRole, rdsInstanceId } = config[side];
  const { host, port, name, user, password, ssl, look, worker } = database;
  const hydraPassword = hydraRole.password;
  return {
    port,
    name,
    user,
    ssl,
    password: () => password?.reveal() ?? '',
    host,
    ...(worker === undefined ? {} : { worker: login(worker) }),
    ...(look === undefined ? {} : { look: login(look) }),
    ...(hydraPassword === undefined ? {} : { hydraPassword: () => hydraPassword.reveal() }),
    instanceId: rdsInstanceId,
  };
}

function login({ user, password }: NonNullable<Config['blue']['database']['look']>) {
  return { user, password: () => password?.reveal() ?? '' };
}

function endpoints(config: Config, side: SideName) {
  const { publicUrl, adminUrl, hydraVersion, metricsUrls } = config[side];
  const { apiGeneration } = HYDRA_VERSION_FACTS[hydraVersion];
  return { publicUrl, adminUrl, apiGeneration, ...(metricsUrls && { metricsUrls }) };
}

function commandSpecs({ blue, green }: Config): Partial<Record<CommandName, CommandSpec>> {
  const named: readonly (readonly [CommandName, string, CommandConfig | undefined])[] = [
    ['migrate', 'green.commands.migrate', green.commands.migrate],
    ['migrateStatus', 'green.commands.migrateStatus', green.commands.migrateStatus],
    ['startGreen', 'green.commands.start', green.commands.start],
    ['stopGreen', 'green.commands.stop', green.commands.stop],
    ['stopBlue', 'blue.commands.stop', blue.commands.stop],
    ['startBlue', 'blue.commands.start', blue.commands.start],
  ];
  const specs = named.flatMap(([name, path, command]) =>
    command ? [[name, commandSpec(path, command)] as const] : [],
  );
  return Object.fromEntries(specs);
}
