import { errorMessage } from '../../domain/error-message';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { CutoverFault } from '../../domain/faults';

/** Where a listener's certificate is, and who may connect. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** Only clients with a certificate of these authorities are let in. */
  readonly clientCaFile?: string | undefined;
}

/** As node's servers take it. */
export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca?: Buffer;
  readonly requestCert: boolean;
  readonly rejectUnauthorized: boolean;
}

/**
 * Reads and tries a certificate and its key.
 * @param setting path of the listener in the config, for messages
 * @throws CutoverFault CONFIG_INVALID
 */
export async function readTlsFiles(files: TlsFiles, setting: string): Promise<TlsMaterial> {
  const read = (key: keyof TlsFiles, file: string) =>
    readFile(file).catch((error: unknown) => {
      throw new CutoverFault('CONFIG_INVALID', `${setting}.tls.${key}: ${errorMessage(error)}`, { file }, error);
    });
  const { certFile, keyFile, clientCaFile } = files;
  const ca = clientCaFile === undefined ? undefined : await read('clientCaFile', clientCaFile);
  const material: TlsMaterial = {
    cert: await read('certFile', certFile),
    key: await read('keyFile', keyFile),
    ...(ca !== undefined && { ca }),
    requestCert: ca !== undefined,
    rejectUnauthorized: ca !== undefined,
  };
  try {
    createSecureContext(material);
  } catch (error) {
    throw new CutoverFault(
      'CONFIG_INVALID',
      `${setting}.tls: ${certFile} and ${keyFile} are no certificate with its key: ${errorMessage(error)}`,
      { certFile, keyFile },
      error,
    );
  }
  return material;
}
