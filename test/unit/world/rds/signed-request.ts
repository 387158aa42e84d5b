import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';

export const CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret-example-key' };

export interface SignOptions {
  readonly credentials?: { accessKeyId: string; secretAccessKey: string };
  readonly signingDate?: Date;
  readonly service?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly path?: string;
}

/** Headers of a request that is signed the way a client signs it. */
export async function signedHeaders(host: string, body: string, options: SignOptions = {}) {
  const signer = new SignatureV4({
    credentials: options.credentials ?? CREDENTIALS,
    region: 'us-east-1',
    service: options.service ?? 'rds',
    sha256: Sha256,
  });
  const request = {
    method: options.method ?? 'POST',
    protocol: 'http:',
    hostname: host,
    path: options.path ?? '/',
    query: {},
    headers: { host, 'content-type': 'application/x-www-form-urlencoded', ...options.headers },
    body,
  };
  const signed = await signer.sign(request, options.signingDate ? { signingDate: options.signingDate } : {});
  return signed.headers;
}
