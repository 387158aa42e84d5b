import { chown, copyFile, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type RunAs } from '../../toolchain';

/** What a server shows its clients. The key can be read by nobody but the user that runs the server. */
export interface ServerCertificate {
  readonly certFile: string;
  readonly keyFile: string;
}

/**
 * Copies a certificate to where the servers can read it: PostgreSQL refuses a key that others could read or that is not its own.
 * Source: PostgreSQL manual, "Secure TCP/IP Connections with SSL", "Basic Setup".
 */
export async function serverCertificate(
  from: string,
  stateDir: string,
  runAs: RunAs | undefined,
): Promise<ServerCertificate> {
  const folder = join(stateDir, 'tls');
  await mkdir(folder, { recursive: true, mode: 0o711 });
  const certificate = { certFile: join(folder, 'server.pem'), keyFile: join(folder, 'server.key') };
  await copyFor(join(from, 'server.pem'), certificate.certFile, runAs);
  await copyFor(join(from, 'server.key'), certificate.keyFile, runAs);
  return certificate;
}

/** Whole or not at all: a server may be starting from an earlier copy. */
async function copyFor(source: string, target: string, runAs: RunAs | undefined): Promise<void> {
  const draft = `${target}.draft`;
  await copyFile(source, draft);
  if (runAs !== undefined) await chown(draft, runAs.uid, runAs.gid);
  await rename(draft, target);
}
