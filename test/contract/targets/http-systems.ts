import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HttpGateway } from '../../../adapters/gateway/http-gateway';
import { HttpTarget } from '../../../adapters/target-http/http-target';
import { createLogger } from '../../../config/logger';
import { targetRoutes } from '../../../gateway/target';
import { createTargetStore } from '../../../world/service/target-store';
import { SIDE_NAMES, type SideName } from '../../../domain/sides';
import { sameJson } from '../../../domain/json';
import { startControlListener } from '../../../world/service/control-listener';
import { type StartService } from '../../../world/service/run-service';
import { startTestGateway } from '../../unit/gateway/support/test-gateway';
import { type CarelessSystem, type ClosableTarget, type SystemUnderTest } from './target-port.contract';

const TOKEN = 'token-of-the-target-contract';
const STATES = {
  blue: { adminUrl: 'http://blue.test:4445', apiGeneration: 1 },
  green: { adminUrl: 'http://green.test:4445', apiGeneration: 2 },
} as const;

/** What one that runs on a state file needs to be tested. */
interface Running {
  readonly controlUrl: string;
  close(): Promise<void>;
}

interface FileBacked {
  readonly stateFile: string;
  readonly token: string;
  readonly states: Readonly<Record<SideName, unknown>>;
  readonly start: () => Promise<Running>;
  readonly connect: (controlUrl: string) => ClosableTarget;
  readonly dispose: () => Promise<void>;
}

async function fileBackedSystem(options: FileBacked): Promise<SystemUnderTest> {
  let running: Running | undefined = await options.start();
  let url = running.controlUrl;
  const stop = async () => {
    await running?.close();
    running = undefined;
  };
  const start = async () => {
    running ??= await options.start();
    url = running.controlUrl;
  };
  return {
    connect: () => options.connect(url),
    serves: async () => {
      const headers = { Authorization: `Bearer ${options.token}`, Connection: 'close' };
      const response = await fetch(`${url}/target`, { headers });
      const { applied } = (await response.json()) as { applied: { state: unknown } };
      return SIDE_NAMES.find((side) => sameJson(options.states[side], applied.state)) ?? null;
    },
    restart: async () => {
      await stop();
      await start();
    },
    breakStaging: stop,
    mend: start,
    fallBack: async () => {
      await stop();
      await rm(options.stateFile);
      await start();
    },
    close: async () => {
      await stop();
      await options.dispose();
    },
  };
}

/** The policy service or the resource API of the world, through the `http` adapter. */
export async function dependentSystem(
  startService: StartService,
  env: Readonly<Record<string, string>> = {},
): Promise<SystemUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'dependent-'));
  const [configFile, stateFile] = [join(folder, 'config.json'), join(folder, 'target.json')];
  await writeFile(configFile, JSON.stringify({ stateFile, initial: STATES.blue }));
  const logger = createLogger({ level: 'silent' });
  return fileBackedSystem({
    stateFile,
    token: TOKEN,
    states: STATES,
    start: async () => {
      const { controlUrl = '', close } = await startService({ configFile, controlToken: TOKEN, env, logger });
      return { controlUrl, close };
    },
    connect: (controlUrl) => new HttpTarget({ name: 'dependent', controlUrl, token: () => TOKEN, states: STATES }),
    dispose: () => rm(folder, { recursive: true }),
  });
}

/** It spells addresses as it likes them, which its author took for harmless. */
export async function carelessHttpSystem(): Promise<CarelessSystem> {
  const folder = await mkdtemp(join(tmpdir(), 'careless-'));
  let isHealed = false;
  const stateFile = join(folder, 'target.json');
  const parseState = (value: unknown): unknown => {
    const state = value as { readonly adminUrl: string };
    // What it has already kept is its own.
    return isHealed || state.adminUrl === STATES.blue.adminUrl ? state : { ...state, adminUrl: `${state.adminUrl}/` };
  };
  const start = async (): Promise<Running> => {
    const store = await createTargetStore<unknown>({ file: stateFile, initial: STATES.blue, parseState });
    const listener = await startControlListener({
      address: { host: '127.0.0.1', port: 0 },
      configStatus: () => ({}) as never,
      routes: [targetRoutes(store, { token: TOKEN })],
      logger: createLogger({ level: 'silent' }),
    });
    return { controlUrl: listener.url, close: listener.close };
  };
  const system = await fileBackedSystem({
    stateFile,
    token: TOKEN,
    states: STATES,
    start,
    connect: (controlUrl) => new HttpTarget({ name: 'careless', controlUrl, token: () => TOKEN, states: STATES }),
    dispose: () => rm(folder, { recursive: true }),
  });
  return {
    ...system,
    changes: { field: 'adminUrl', value: STATES.green.adminUrl },
    heal: async () => void (isHealed = true),
  };
}

/** The gateway, through its adapter. */
export async function gatewaySystem(): Promise<SystemUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-'));
  const weights = (blue: number, green: number) => ({ mode: 'pass', weights: { blue, green } });
  let token = '';
  const start = async () => {
    const gateway = await startTestGateway({}, folder);
    token = gateway.token;
    return { controlUrl: gateway.controlUrl, close: gateway.stop };
  };
  return fileBackedSystem({
    stateFile: join(folder, 'gateway.json'),
    get token() {
      return token;
    },
    states: { blue: weights(1, 0), green: weights(0, 1) },
    start,
    connect: (controlUrl) => new HttpGateway({ name: 'gateway', controlUrl, token: () => token }),
    dispose: () => rm(folder, { recursive: true }),
  });
}
