import { join } from 'node:path';
import { CutoverFault } from '../../domain/faults';
import { z } from 'zod';
import { dataDir, readJson } from '../supervisor';
import { type Percentiles, type TrafficConfigInput, type TrafficReport } from '../traffic';
import { type World, serviceProcess } from '../up';

const NAME = 'traffic';
const RATE_PER_SECOND = 100;
/**
 * What is under way ends, then every promise is asked about once more. Who decides by hand may take an hour, in which ten times as many
 * are made as in a demo that decides by itself.
 */
const STOP_TIMEOUT_MS = 900_000;

const readySchema = z.object({ controlUrl: z.string(), pid: z.number() });

const percentiles = z.object({
  count: z.number(),
  p50Ms: z.number(),
  p90Ms: z.number(),
  p99Ms: z.number(),
  maxMs: z.number(),
}) satisfies z.ZodType<Percentiles>;

export interface RunningTraffic {
  /** How long those requests took that clients sent between the two times (milliseconds since the epoch). */
  waits(fromMs: number, toMs: number): Promise<Percentiles>;
  /** Every secret that clients have seen so far; none without `keepSecrets`. */
  secrets(): Promise<readonly string[]>;
  /** Ends the traffic, lets the oracle check every promise, and answers with the whole report. */
  finish(): Promise<TrafficReport>;
}

/** Starts the client population of `world/traffic` before the world's gateway, as a process of its own. */
export async function startTraffic(
  world: World,
  options: Pick<TrafficConfigInput, 'keepSecrets' | 'ratePerSecond' | 'population'> = {},
): Promise<RunningTraffic> {
  const { info, supervisor } = world;
  const report = join(info.runDir, 'processes', 'traffic-report.json');
  const config: TrafficConfigInput = {
    publicUrl: info.gateway.publicUrl,
    issuer: info.oauth.issuer,
    adminUrl: info.gateway.adminUrl,
    caFile: info.gateway.caFile,
    loginApp: { kind: 'pages', password: info.loginApp.password },
    resourceApiUrl: info.resourceApi.url,
    policyUrl: info.policyService.url,
    ratePerSecond: options.ratePerSecond ?? RATE_PER_SECOND,
    ...(options.keepSecrets === true && { keepSecrets: true }),
    ...(options.population && { population: options.population }),
  };
  const service = serviceProcess(
    { runDir: info.runDir, dataDir: dataDir(info.runDir) },
    {
      name: NAME,
      program: 'world/traffic/main.ts',
      config,
      env: { TRAFFIC_CONTROL_TOKEN: info.gateway.controlToken },
      readySchema,
      args: ['--report', report],
    },
  );
  await supervisor.start({ ...service.spec, stopTimeoutMs: STOP_TIMEOUT_MS });
  const { controlUrl } = service.ready();
  return {
    waits: async (fromMs, toMs) => {
      const response = await fetch(new URL('/waits', controlUrl), {
        method: 'POST',
        headers: { Authorization: `Bearer ${info.gateway.controlToken}` },
        body: JSON.stringify({ fromMs, toMs }),
      });
      return percentiles.parse(await response.json());
    },
    secrets: async () => {
      const headers = { Authorization: `Bearer ${info.gateway.controlToken}` };
      const response = await fetch(new URL('/secrets', controlUrl), { headers });
      return z.object({ secrets: z.array(z.string()) }).parse(await response.json()).secrets;
    },
    finish: async () => {
      await supervisor.stop(NAME);
      const written = readJson(report);
      if (written === undefined) {
        throw new CutoverFault('PROCESS_DIED', `the traffic ended without a report; its log is in ${info.logsDir}`);
      }
      return written as TrafficReport;
    },
  };
}
