import { type Server } from 'node:http';
import { CutoverFault, isCutoverFault } from '../../domain/faults';
import { Server as HttpsServer } from 'node:https';
import { type GatewayConfig } from './config-schema';
import { closeServers, listen } from './listen';
import { readTlsFiles, type TlsFiles, type TlsMaterial } from './tls-files';

/** @throws CutoverFault PORT_TAKEN | CONFIG_INVALID */
export async function listenAll(servers: Servers, { listeners }: GatewayConfig) {
  const open = (name: keyof Servers & keyof typeof listeners, server: Server, address: ListenerAddress) =>
    listen(server, address, `listeners.${name}`, address.tls === undefined ? 'http' : 'https');
  const urls = {
    publicUrl: await open('public', servers.public, listeners.public),
    adminUrl: await open('admin', servers.admin, listeners.admin),
    controlUrl: await open('control', servers.control, listeners.control),
  };
  if (servers.status === undefined || listeners.status === undefined) return urls;
  return { ...urls, statusUrl: await open('status', servers.status, listeners.status) };
}

interface ListenerAddress {
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsFiles | undefined;
}

export interface Servers {
  readonly public: Server;
  readonly admin: Server;
  readonly control: Server;
  readonly status?: Server;
}

type Certificates = Partial<Record<keyof Servers, TlsMaterial>>;

/**
 * Of every listener that has one.
 * @throws CutoverFault CONFIG_INVALID with what is wrong with each of them
 */
export async function readCertificates({ listeners }: GatewayConfig): Promise<Certificates> {
  const certificates: Certificates = {};
  const problems: string[] = [];
  for (const name of ['public', 'admin', 'control', 'status'] as const) {
    const files = listeners[name]?.tls;
    if (files === undefined) continue;
    try {
      certificates[name] = await readTlsFiles(files, `listeners.${name}`);
    } catch (error) {
      if (!isCutoverFault(error)) throw error;
      problems.push(error.message);
    }
  }
  if (problems.length > 0) throw new CutoverFault('CONFIG_INVALID', problems.join('\n  '), { problems });
  return certificates;
}

/**
 * New connections get the new certificates; those that are open go on with theirs. All files are good, or nothing changes.
 * @throws CutoverFault CONFIG_INVALID
 */
export async function reloadCertificates(servers: Servers, config: GatewayConfig): Promise<void> {
  const certificates = await readCertificates(config);
  for (const name of ['public', 'admin', 'control', 'status'] as const) {
    const [server, material] = [servers[name], certificates[name]];
    if (material !== undefined && server instanceof HttpsServer) server.setSecureContext(material);
  }
}

/** What is forwarded gets `timeoutMs` to finish; only then the gateway answers its own callers no more. */
export async function closeAll({ public: publicServer, admin, ...own }: Servers, timeoutMs: number): Promise<void> {
  await closeServers([publicServer, admin], timeoutMs);
  await closeServers(Object.values(own), 0);
}
