import { type ClientConnectConfig, loadClientConnectConfig } from '@temporalio/envconfig';
import { errorMessage } from '../domain/error-message';
import { CutoverFault } from '../domain/faults';
import { type Config } from './schema';

type ConnectionOptions = ClientConnectConfig['connectionOptions'];
type TlsOptions = NonNullable<ConnectionOptions['tls']>;

export interface TemporalConnection {
  readonly namespace: string;
  /** What the client of Temporal takes, and the worker too. */
  readonly connectionOptions: Pick<ConnectionOptions, 'metadata' | 'apiKey'> & {
    readonly address: string;
    readonly tls: TlsOptions;
  };
}

/**
 * How to reach Temporal: what the config says, else the profile and `TEMPORAL_…` variables by Temporal's own conventions,
 * else its defaults. The same answer serves the client and the worker.
 *
 * @throws CutoverFault CONFIG_INVALID when the profile does not exist or its file is not readable
 */
export function temporalConnection(
  temporal: Config['temporal'],
  env: NodeJS.ProcessEnv = process.env,
): TemporalConnection {
  const fromProfile = loadProfile(temporal, env);
  const { metadata, ...found } = fromProfile.connectionOptions;
  const apiKey = temporal.apiKey?.reveal() ?? found.apiKey;
  const tls = temporal.tls === undefined ? found.tls : tlsOptions(temporal.tls);
  return {
    namespace: temporal.namespace ?? fromProfile.namespace ?? 'default',
    connectionOptions: {
      address: temporal.address ?? found.address ?? 'localhost:7233',
      // An API key is never sent in the clear unless the config says so.
      tls: tls ?? apiKey !== undefined,
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(metadata === undefined ? {} : { metadata }),
    },
  };
}

function loadProfile({ profile }: Config['temporal'], env: NodeJS.ProcessEnv): ClientConnectConfig {
  try {
    return loadClientConnectConfig({
      ...(profile === undefined ? {} : { profile }),
      configFileStrict: true,
      overrideEnvVars: definedOnly(env),
    });
  } catch (error) {
    const message = `the Temporal profile cannot be loaded: ${errorMessage(error)}`;
    throw new CutoverFault('CONFIG_INVALID', message, {}, error);
  }
}

function tlsOptions(tls: NonNullable<Config['temporal']['tls']>): TlsOptions {
  if (!tls.enabled) return false;
  const { clientCert, clientKey } = tls;
  return {
    ...(tls.serverName === undefined ? {} : { serverNameOverride: tls.serverName }),
    ...(tls.serverCa === undefined ? {} : { serverRootCACertificate: Buffer.from(tls.serverCa) }),
    ...(clientCert === undefined || clientKey === undefined
      ? {}
      : { clientCertPair: { crt: Buffer.from(clientCert), key: Buffer.from(clientKey.reveal()) } }),
  };
}

function definedOnly(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
