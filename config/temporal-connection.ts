import { loadClientConnectConfig, type ClientConnectConfig } from '@temporalio/envconfig';
import { type Config } from './schema';

/**
 * How to reach Temporal: what the config says, else the profile and `TEMPORAL_…` variables by Temporal's own conventions,
 * else its defaults. The same answer serves the client and the worker.
 *
 * @throws Error when the profile does not exist or its file is not readable
 */
export function temporalConnection(
  temporal: Config['temporal'],
  env: NodeJS.ProcessEnv = process.env,
): Required<Pick<ClientConnectConfig, 'namespace'>> & ClientConnectConfig {
  const fromProfile = loadClientConnectConfig({
    ...(temporal.profile === undefined ? {} : { profile: temporal.profile }),
    configFileStrict: true,
    overrideEnvVars: definedOnly(env),
  });
  const apiKey = temporal.apiKey?.reveal() ?? fromProfile.connectionOptions.apiKey;
  const tls = temporal.tls === undefined ? fromProfile.connectionOptions.tls : tlsOptions(temporal.tls);
  return {
    namespace: temporal.namespace ?? fromProfile.namespace ?? 'default',
    connectionOptions: {
      ...fromProfile.connectionOptions,
      address: temporal.address ?? fromProfile.connectionOptions.address ?? 'localhost:7233',
      ...(apiKey === undefined ? {} : { apiKey }),
      // An API key is never sent in the clear unless the config says so.
      tls: tls ?? (apiKey === undefined ? undefined : true),
    },
  };
}

type TlsOptions = ClientConnectConfig['connectionOptions']['tls'];

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
