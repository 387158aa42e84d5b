import { request } from 'undici';
import { type ProcessSpec, cleanEnvironment } from '../supervisor';
import { type LaunchedVersion } from '../toolchain/types';
import { type HydraLaunch, hydraSettings } from './launch-settings';

export interface HydraProcessOptions {
  readonly name: string;
  readonly version: LaunchedVersion;
  readonly binary: string;
  readonly launch: HydraLaunch;
}

const STOP_TIMEOUT_MS = 8_000;
/** A cold start makes RSA keys. */
const READY_TIMEOUT_MS = 60_000;

/**
 * How the supervisor runs a Hydra: `serve all`, ready when both listeners say so. Its database must be migrated already:
 * 1.x answers `/health/ready` 503 until it is, 2.x ends at once.
 */
export function hydraProcess(options: HydraProcessOptions): ProcessSpec {
  const { name, version, binary, launch } = options;
  const ports = [launch.adminPort, launch.publicPort];
  return {
    name,
    command: binary,
    args: ['serve', 'all'],
    env: cleanEnvironment(hydraSettings(version, launch)),
    ready: async () => {
      for (const port of ports) if (!(await isReady(port))) return false;
      return true;
    },
    readyTimeoutMs: READY_TIMEOUT_MS,
    stopTimeoutMs: STOP_TIMEOUT_MS,
  };
}

async function isReady(port: number): Promise<boolean> {
  const { statusCode, body } = await request(`http://127.0.0.1:${port}/health/ready`, {
    headers: { 'x-forwarded-proto': 'https', connection: 'close' },
    headersTimeout: 2_000,
    bodyTimeout: 2_000,
    reset: true,
  });
  const text = await body.text();
  if (statusCode !== 200)
    throw new Error(`/health/ready on port ${port} answered ${statusCode}: ${text.slice(0, 300)}`);
  return true;
}
