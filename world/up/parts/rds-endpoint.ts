import { join } from 'node:path';
import { z } from 'zod';
import { logsDir, readJson, typescriptCommand } from '../../supervisor';
import { worldCertificates } from '../../tls/world-certificates';
import { type WaitOptions } from '../rds-client';
import { startOnPorts } from '../start-on-ports';
import { type WorldContext, type WorldPart } from '../world-part';

const READY_TIMEOUT_MS = 60_000;
/** It closes its clusters cleanly, one checkpoint each. */
const STOP_TIMEOUT_MS = 30_000;
const NAME = 'rds';
const REGION = 'eu-local-1';

const readySchema = z.object({ endpoint: z.string(), controlEndpoint: z.string(), pid: z.number() });

/** The RDS-compatible endpoint; the clusters behind it are its own children. */
export const rdsEndpointPart: WorldPart = {
  title: 'RDS endpoint',
  async up(context) {
    const { settings, runDir } = context;
    const readyFile = join(runDir, 'processes', 'rds.ready');
    const { caFile } = await worldCertificates(tlsDir(context));
    const policyFile = join(context.dataDir, 'tool-policy.json');
    const credentials = {
      RDS_ACCESS_KEY_ID: accessKeyId(settings.secret('rds-access-key-id')),
      RDS_TOOL_ACCESS_KEY_ID: accessKeyId(settings.secret('rds-tool-access-key-id')),
      RDS_TOOL_SECRET_ACCESS_KEY: settings.secret('rds-tool-secret-access-key'),
      RDS_SECRET_ACCESS_KEY: settings.secret('rds-secret-access-key'),
      RDS_CONTROL_TOKEN: settings.secret('rds-control-token'),
    };
    const { process: running } = await startOnPorts(context, { rds: undefined, 'rds-control': undefined }, (ports) => {
      const { command, args, env } = typescriptCommand('world/rds/main.ts', [
        ...['--state-dir', join(context.dataDir, 'rds'), '--run-dir', runDir, '--ready', readyFile],
        ...['--port', String(ports.rds), '--control-port', String(ports['rds-control'])],
        ...['--tls-dir', tlsDir(context), '--policy', policyFile],
      ]);
      return {
        name: NAME,
        command,
        args,
        env: { ...process.env, ...env, ...credentials, RDS_REGION: REGION },
        ready: async () => readySchema.safeParse(readJson(readyFile)).success,
        readyFile,
        readyTimeoutMs: READY_TIMEOUT_MS,
        stopTimeoutMs: STOP_TIMEOUT_MS,
      };
    });
    const { endpoint, controlEndpoint } = readySchema.parse(readJson(readyFile));
    return {
      rds: {
        endpoint,
        controlEndpoint,
        controlToken: credentials.RDS_CONTROL_TOKEN,
        region: REGION,
        accessKeyId: credentials.RDS_ACCESS_KEY_ID,
        secretAccessKey: credentials.RDS_SECRET_ACCESS_KEY,
        tool: {
          accessKeyId: credentials.RDS_TOOL_ACCESS_KEY_ID,
          secretAccessKey: credentials.RDS_TOOL_SECRET_ACCESS_KEY,
          policyFile,
        },
        caFile,
        pid: running.pid,
      },
    };
  },
};

/** As AWS's look. */
function accessKeyId(random: string): string {
  const letters = random.replace(/[^A-Za-z0-9]/g, '').toUpperCase();
  return `AKIA${letters.slice(0, 16)}`;
}

/** The authority of this world and what its servers show: the gateway, and every PostgreSQL. */
export function tlsDir(context: Pick<WorldContext, 'dataDir'>): string {
  return join(context.dataDir, 'tls');
}

/** How parts wait for an instance. */
export function rdsWait(context: Pick<WorldContext, 'signal' | 'runDir'>): WaitOptions {
  return { signal: context.signal, logFile: join(logsDir(context.runDir), `${NAME}.log`) };
}
