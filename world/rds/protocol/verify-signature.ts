import { timingSafeEqual } from 'node:crypto';
import { type IncomingHttpHeaders } from 'node:http';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import { RdsError } from './rds-error';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const VALIDITY_MS = 15 * 60 * 1_000;
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256\s+Credential=([^/,\s]+)\/(\d{8})\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request,\s*SignedHeaders=([a-z0-9;_-]+),\s*Signature=([0-9a-f]{64})\s*$/;

/**
 * Refuses a request that is not signed by `credentials` (AWS Signature Version 4, any region).
 *
 * The request is signed again from what arrived and the two signatures are compared; the body's hash is always computed
 * here, so a declared one that differs does not match either.
 * @param expectedService that it must be signed for
 * @throws RdsError MissingAuthenticationToken | IncompleteSignature | InvalidClientTokenId | RequestExpired |
 *   SignatureDoesNotMatch
 */
export async function verifySignature(
  request: SignedRequest,
  credentials: Credentials,
  now: Date,
  expectedService = 'rds',
): Promise<void> {
  const authorization = request.headers.authorization;
  if (authorization === undefined) {
    throw new RdsError('MissingAuthenticationToken', 'Request is missing Authentication Token');
  }
  const match = AUTHORIZATION.exec(authorization);
  if (match === null) {
    throw new RdsError('IncompleteSignature', 'The Authorization header does not follow AWS Signature Version 4.');
  }
  const [, accessKeyId = '', scopeDay = '', region = '', service = '', headerList = '', signature = ''] = match;
  if (accessKeyId !== credentials.accessKeyId) {
    throw new RdsError('InvalidClientTokenId', 'The security token included in the request is invalid.');
  }
  const signingDate = requestDate(request.headers, scopeDay);
  const names = headerList.split(';');
  if (service !== expectedService || !names.includes('host') || !names.includes('x-amz-date')) throw mismatch();
  const ageMs = now.getTime() - signingDate.getTime();
  if (Math.abs(ageMs) > VALIDITY_MS) {
    throw new RdsError(
      'RequestExpired',
      `Signature expired or not yet valid: signed at ${signingDate.toISOString()}, received at ${now.toISOString()}, allowed 15 minutes apart.`,
    );
  }
  const expected = await signAgain(request, names, credentials, { region, service, signingDate });
  if (!timingSafeEqual(Buffer.from(signature), Buffer.from(expected))) throw mismatch();
}

function requestDate(headers: IncomingHttpHeaders, scopeDay: string): Date {
  const raw = headers['x-amz-date'];
  const parts = typeof raw === 'string' ? /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(raw) : null;
  if (parts === null) {
    throw new RdsError('IncompleteSignature', 'Authorization header requires existence of an "X-Amz-Date" header.');
  }
  const [, year = '', month = '', day = '', hour = '', minute = '', second = ''] = parts;
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(date.getTime()) || `${year}${month}${day}` !== scopeDay) throw mismatch();
  return date;
}

async function signAgain(
  request: SignedRequest,
  names: readonly string[],
  credentials: Credentials,
  scope: { region: string; service: string; signingDate: Date },
): Promise<string> {
  const headers: Record<string, string> = {};
  for (const name of names) {
    const value = request.headers[name];
    if (value === undefined) throw mismatch();
    headers[name] = Array.isArray(value) ? value.join(',') : value;
  }
  const declaredHash = headers['x-amz-content-sha256'];
  if (declaredHash !== undefined) headers['x-amz-content-sha256'] = await sha256Hex(request.body);
  const { signingDate, ...place } = scope;
  const signer = new SignatureV4({ credentials, ...place, sha256: Sha256, applyChecksum: false });
  const signed = await signer.sign(
    {
      method: request.method,
      protocol: 'http:',
      hostname: '',
      path: request.path,
      headers,
      body: request.body,
      query: {},
    },
    { signingDate, signableHeaders: new Set(names) },
  );
  return /Signature=([0-9a-f]{64})/.exec(signed.headers['authorization'] ?? '')?.[1] ?? '';
}

async function sha256Hex(body: Buffer): Promise<string> {
  const hash = new Sha256();
  hash.update(body);
  return Buffer.from(await hash.digest()).toString('hex');
}

function mismatch(): RdsError {
  return new RdsError(
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.',
  );
}
