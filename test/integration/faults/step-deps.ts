import { HttpGateway } from '../../../adapters/gateway/http-gateway';
import { PostgresDatabases } from '../../../adapters/postgres/postgres-databases';
import { HttpTarget } from '../../../adapters/target-http/http-target';
import { type StepDeps } from '../../../activities/step';
import { type Databases } from '../../../domain/ports/databases';
import { orderedQuery } from '../../support/ordered-query';
import { type SwitchoverSettings } from '../../../domain/settings';
import { type SideName, FORWARD } from '../../../domain/sides';
import { SETTINGS } from '../activities/green-fixture';
import { type ServerAddress } from './watcher';

export const CUTOVER = 'faults';
export const TOKEN = 'token-of-the-test-gateway';
export const TARGET_STATES = { blue: { issuer: 'blue' }, green: { issuer: 'green' } } as const;

/** Where everything is that the step talks to; plain JSON, for workers of a process of their own. */
export interface Reach {
  readonly servers: Readonly<Record<SideName, ServerAddress>>;
  readonly gatewayUrl: string;
  readonly targetUrl: string;
}

type Query = Awaited<ReturnType<Parameters<Parameters<Databases['withSession']>[1]>[0]['query']>>;
export type OnQuery = (
  event: { readonly side: SideName; readonly text: string },
  call: () => Promise<Query>,
) => Promise<Query> | undefined;

export interface StepHooks {
  readonly switchover: () => SwitchoverSettings;
  /** Around every statement. */
  readonly onQuery: OnQuery;
  /** After every action. */
  readonly onAction: (step: string, result: string) => void;
}

export type Parties = Readonly<{ gateways: readonly HttpGateway[]; targets: readonly HttpTarget[] }>;

export function partiesAt({ gatewayUrl, targetUrl }: Reach, timeoutMs: () => number): Parties {
  const over = (name: string, controlUrl: string) => ({ name, controlUrl, token: () => TOKEN, timeoutMs });
  return {
    gateways: [new HttpGateway(over('gateway', gatewayUrl))],
    targets: [new HttpTarget({ ...over('target', targetUrl), states: TARGET_STATES })],
  };
}

/** The same in every process of one test. */
export function syncRoleOf({ database }: { readonly database: string }): string {
  return `sync_of_${database}`;
}

/** What the worker composes for the step, as far as the switchover uses it: nothing in it is a double. */
export function stepDeps(reach: Reach, parties: Parties, hooks: StepHooks): StepDeps {
  const silent = () => undefined;
  const info = (fields: object) => {
    if ('step' in fields && 'result' in fields) hooks.onAction(String(fields.step), String(fields.result));
  };
  return {
    settings: {
      ...SETTINGS,
      green: { ...SETTINGS.green, syncRole: syncRoleOf(reach.servers.green) },
      get switchover() {
        return hooks.switchover();
      },
    },
    direction: FORWARD,
    databases: databasesAt(reach, hooks.onQuery),
    jobs: [],
    log: { debug: silent, info, warn: silent, error: silent },
    ...parties,
  } as unknown as StepDeps;
}

function databasesAt({ servers }: Reach, onQuery: OnQuery): Databases {
  const side = (name: SideName) => {
    const { host, port, database, user, password } = servers[name];
    return { host, port, name: database, user, password: () => password, ssl: { mode: 'disable' as const } };
  };
  const databases = new PostgresDatabases({
    sides: { blue: side('blue'), green: side('green') },
    provider: { describeInstance: () => Promise.reject(new Error('not asked for')) },
    connectTimeoutMs: 2_000,
  });
  return {
    address: (name) => databases.address(name),
    withSession: (name, work, options) =>
      databases.withSession(
        name,
        (session) => {
          const ask = (text: string, values?: unknown[]) => session.query(text, values);
          const query = orderedQuery<Query>(ask, (text, call) => onQuery({ side: name, text }, call));
          return work({ backendPid: session.backendPid, isPipelined: session.isPipelined === true, query });
        },
        options,
      ),
  };
}
