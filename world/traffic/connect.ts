import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { CutoverFault } from '../../domain/faults';
import { ADMIN_PREFIX } from '../../hydra/versions';
import { type OauthEndpoints, OauthHttp, type OauthHttpOptions } from '../oauth';
import { type TrafficConfig } from './config';
import { Dependents } from './http/dependents';
import { HydraApi } from './http/hydra-api';
import { adminApp, type LoginAppFor, pageApp } from './http/login-pages';
import { RecordedHttp } from './http/recorded-http';
import { SigningKeys } from './http/signing-keys';
import { type OperationTools } from './operations/context';
import { type Finding } from './oracle/verdict';
import { SeenValues } from './oracle/values';
import { Actor } from './population/actor';
import { createSharedClients } from './population/shared-clients';
import { Recorder } from './recording/recorder';
import { SeenSecrets } from './recording/seen-secrets';
import { Random } from './schedule/random';

const CONNECTIONS = 128;
const CHECK_CONNECTIONS = 32;
const WITNESSED_KEPT = 1_000;

/** What a population works with in front of one Hydra or gateway. */
export interface Connection {
  /** Part of every name, so that runs against one Hydra do not meet. */
  readonly runName: string;
  /** Holds the promises about the clients that all share. */
  readonly registry: Actor;
  readonly recorder: Recorder;
  readonly recorded: RecordedHttp;
  /** For the traffic. */
  readonly live: OperationTools;
  /** For set-up and checks, which do not count as traffic. */
  readonly quiet: OperationTools;
  /** Broken promises that were seen in passing. */
  readonly witnessed: Finding[];
  readonly secrets: SeenSecrets;
  readonly close: () => Promise<void>;
}

/**
 * Connects and creates the clients that all share.
 * @throws CutoverFault HYDRA_UNEXPECTED | CONFIG_UNREADABLE
 */
export async function connect(config: TrafficConfig): Promise<Connection> {
  const recorder = new Recorder(config.pauseThresholdMs);
  const witnessed: Finding[] = [];
  const secrets = new SeenSecrets();
  const settings = await httpSettings(config);
  const { endpoints } = settings;
  const options: OauthHttpOptions = {
    ...settings.options,
    ...(config.keepSecrets && { onAnswer: (request, response) => secrets.see(request, response) }),
  };
  const recorded = new RecordedHttp(endpoints, { ...options, connections: CONNECTIONS }, recorder);
  const silent = new OauthHttp(endpoints, { ...options, connections: CHECK_CONNECTIONS });
  const close = async (): Promise<void> => void (await Promise.all([recorded.close(), silent.close()]));
  const tokenEndpoint = `${config.issuer ?? config.publicUrl}/oauth2/token`;
  const runName = randomBytes(4).toString('hex');
  const registry = new Actor(`${runName}-registry`, new Random(config.seed));
  const api = new HydraApi(silent, tokenEndpoint);
  try {
    const base = {
      shared: await createSharedClients(api, registry, runName, config.population.jwt_bearer !== 0),
      keys: new SigningKeys(api),
      values: new SeenValues(),
      witness: (finding: Finding) => void (witnessed.length < WITNESSED_KEPT && witnessed.push(finding)),
    };
    const tools = (http: OauthHttp, into: Recorder): OperationTools => ({
      ...base,
      api: new HydraApi(http, tokenEndpoint),
      loginApp: loginAppOf(config, http, into),
      dependents: new Dependents(http, config),
      recorder: into,
    });
    const live = tools(recorded, recorder);
    const quiet = tools(silent, new Recorder(config.pauseThresholdMs));
    return { runName, registry, recorder, recorded, live, quiet, witnessed, secrets, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function httpSettings(config: TrafficConfig): Promise<{ endpoints: OauthEndpoints; options: OauthHttpOptions }> {
  const { publicUrl, adminUrl, issuer, caFile } = config;
  const adminPrefix = config.adminGenerationMapped ? '' : ADMIN_PREFIX[config.apiGeneration];
  const endpoints = { publicUrl, adminUrl, adminPrefix, ...(issuer !== undefined && { issuer }) } as const;
  const ca = caFile === undefined ? undefined : await readCa(caFile);
  const options = { forwardedProto: config.forwardedProto, timeoutMs: config.requestTimeoutMs };
  return { endpoints, options: { ...options, ...(ca !== undefined && { ca }) } };
}

async function readCa(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new CutoverFault('CONFIG_UNREADABLE', `caFile ${file} cannot be read`, { file }, error);
  }
}

function loginAppOf(config: TrafficConfig, http: OauthHttp, recorder: Recorder): LoginAppFor {
  if (config.loginApp.kind === 'admin') return adminApp(http);
  return pageApp({ password: config.loginApp.password, onRestart: () => recorder.restart() });
}
