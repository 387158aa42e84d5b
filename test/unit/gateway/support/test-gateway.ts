import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadGatewayConfig } from '../../../../gateway/node/config';
import { startGateway, type GatewayParts } from '../../../../gateway/node/gateway';
import { createLog } from '../../../../gateway/node/logging';

export const TEST_TOKEN = 'token-of-the-test-gateway';
/** Nothing listens there: port 1 is never given out. */
const NOBODY = 'http://127.0.0.1:1';
/** Limits that no test waits for: long, because the machine may stand still at any moment. */
const PATIENCE_MS = 30_000;
/** Longer than any test takes, so that a hold ends as its test wants it. */
const HOLD_MS = 120_000;

export interface TestGatewayOptions {
  readonly blue?: string;
  readonly green?: string;
  /** Merged over the whole config, section by section. */
  readonly config?: Readonly<Record<string, object | string | number>>;
  readonly parts?: Partial<GatewayParts>;
  readonly environment?: NodeJS.ProcessEnv;
}

export interface ControlAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface TestGateway {
  readonly publicUrl: string;
  readonly adminUrl: string;
  readonly controlUrl: string;
  readonly publicPort: number;
  readonly adminPort: number;
  readonly token: string;
  readonly stateFile: string;
  control(method: string, path: string, body?: unknown): Promise<ControlAnswer>;
  /** Stages a state that sends everything to `side`. */
  stage(epoch: number, side: 'blue' | 'green'): Promise<ControlAnswer>;
  hold(epoch: number, deadlineMs?: number): Promise<ControlAnswer>;
  apply(epoch: number): Promise<ControlAnswer>;
  /** Tells it that the epoch was committed and green serves it. */
  tellCommitted(epoch: number): Promise<ControlAnswer>;
  revert(epoch: number): Promise<ControlAnswer>;
  state(): Promise<Readonly<Record<string, unknown>>>;
  /** Resolves once `GET /state` shows all of `expected`. */
  until(expected: Readonly<Record<string, unknown>>): Promise<void>;
  /** Another gateway on the same state file. */
  restart(): Promise<TestGateway>;
  /** Ends it and keeps its state file. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** The config of a test gateway as a plain object: free ports, no access log, fast polls, long limits. */
export function testConfig(folder: string, options: TestGatewayOptions): Record<string, unknown> {
  const side = (url: string | undefined, apiGeneration: 1 | 2) => ({
    publicUrl: url ?? NOBODY,
    adminUrl: url ?? NOBODY,
    apiGeneration,
  });
  const section = (name: string) => options.config?.[name] as object | undefined;
  return {
    listeners: { public: { port: 0 }, admin: { port: 0 }, control: { port: 0 } },
    sides: { blue: side(options.blue, 1), green: side(options.green, 2) },
    stateFile: join(folder, 'gateway.json'),
    accessLog: { level: 'off' },
    logLevel: 'silent',
    shutdownTimeoutMs: 200,
    ...options.config,
    readiness: { intervalMs: 50, timeoutMs: PATIENCE_MS, ...section('readiness') },
    hold: { deadlineMs: HOLD_MS, maxParkedMs: HOLD_MS, drainTimeoutMs: PATIENCE_MS, ...section('hold') },
    upstream: { connectTimeoutMs: PATIENCE_MS, keepAliveMs: PATIENCE_MS, ...section('upstream') },
  };
}

/** A whole gateway in this process, in front of the given sides. */
export async function startTestGateway(options: TestGatewayOptions = {}, existing?: string): Promise<TestGateway> {
  const folder = existing ?? (await mkdtemp(join(tmpdir(), 'gateway-')));
  const configFile = join(folder, 'gateway.yaml');
  await writeFile(configFile, JSON.stringify(testConfig(folder, options)));
  const loaded = await loadGatewayConfig(configFile, { GATEWAY_CONTROL_TOKEN: TEST_TOKEN, ...options.environment });
  const gateway = await startGateway(loaded, { log: createLog('silent'), ...options.parts });
  const { publicUrl, adminUrl, controlUrl } = gateway;
  const control = controlClient(controlUrl, TEST_TOKEN);
  return {
    publicUrl,
    adminUrl,
    controlUrl,
    publicPort: Number(new URL(publicUrl).port),
    adminPort: Number(new URL(adminUrl).port),
    token: TEST_TOKEN,
    stateFile: join(folder, 'gateway.json'),
    ...control,
    restart: async () => {
      await gateway.close();
      return startTestGateway(options, folder);
    },
    stop: () => gateway.close(),
    close: async () => {
      await gateway.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export type ControlClient = Pick<
  TestGateway,
  'control' | 'stage' | 'hold' | 'apply' | 'tellCommitted' | 'revert' | 'state' | 'until'
>;

/** The calls of an orchestrator to a gateway's control listener. */
export function controlClient(controlUrl: string, token: string): ControlClient {
  const control = async (method: string, path: string, body?: unknown): Promise<ControlAnswer> => {
    const response = await fetch(new URL(path, controlUrl), {
      method,
      headers: { Authorization: `Bearer ${token}`, Connection: 'close' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const state = async () => (await control('GET', '/state')).body;
  return {
    control,
    state,
    stage: (epoch, side) =>
      control('PUT', '/target/staged', {
        epoch,
        state: { mode: 'pass', weights: side === 'blue' ? { blue: 1, green: 0 } : { blue: 0, green: 1 } },
      }),
    hold: (epoch, deadlineMs = HOLD_MS) => control('PUT', '/hold', { epoch, deadlineMs }),
    apply: (epoch) => control('POST', '/target/apply', { epoch }),
    tellCommitted: (epoch) =>
      control('POST', '/target/committed', { epoch, state: { mode: 'pass', weights: { blue: 0, green: 1 } } }),
    revert: (epoch) => control('POST', '/target/revert', { epoch }),
    until: async (expected) => {
      for (;;) {
        const seen = await state();
        if (Object.entries(expected).every(([key, value]) => seen[key] === value)) return;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
  };
}
