import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generate } from 'selfsigned';

export interface WorldCertificates {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

const VALID_MS = 30 * 86_400_000;
/** A clock that is a little slow must not make a certificate "not yet valid". */
const BACKDATED_MS = 86_400_000;

/**
 * An authority of this world alone and a certificate for 127.0.0.1 and localhost; made once, so that a world that goes on
 * from kept data is trusted by what trusted it before. Its authority's key is not kept.
 */
export async function worldCertificates(folder: string): Promise<WorldCertificates> {
  const files = {
    caFile: join(folder, 'ca.pem'),
    certFile: join(folder, 'server.pem'),
    keyFile: join(folder, 'server.key'),
  };
  if (existsSync(files.keyFile)) return files;
  await mkdir(folder, { recursive: true, mode: 0o711 });
  const now = Date.now();
  const validity = { notBeforeDate: new Date(now - BACKDATED_MS), notAfterDate: new Date(now + VALID_MS) };
  const authority = await generate([{ name: 'commonName', value: 'hydra-cutover world authority' }], {
    ...validity,
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const server = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    ...validity,
    keyType: 'ec',
    algorithm: 'sha256',
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 7, ip: '127.0.0.1' },
          { type: 2, value: 'localhost' },
        ],
      },
    ],
  });
  await writeFile(files.caFile, authority.cert);
  await writeFile(files.certFile, server.cert);
  // Last: its presence says that all three are there.
  await writeFile(files.keyFile, server.private, { mode: 0o600 });
  await chmod(files.keyFile, 0o600);
  return files;
}
