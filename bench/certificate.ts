import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { authority } from '../test/support/authority';
import { type Certificate } from './gateway-processes';

/** Of 127.0.0.1, as files in `folder`. */
export async function certificate(folder: string): Promise<Certificate> {
  const { cert, key } = await (await authority()).issue('127.0.0.1');
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  await writeFile(certFile, cert);
  await writeFile(keyFile, key);
  return { certFile, keyFile };
}
