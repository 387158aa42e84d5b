import { verifySignature } from '../../../../../world/rds/protocol/verify-signature';
import { CREDENTIALS, signedHeaders, type SignOptions } from '../signed-request';

const NOW = new Date('2026-11-24T10:00:00Z');
const BODY = 'Action=DescribeDBInstances&Version=2014-10-31';

async function verify(change: {
  sign?: SignOptions;
  body?: string;
  headers?: (headers: Record<string, string>) => Record<string, string>;
}): Promise<void> {
  const headers = await signedHeaders('127.0.0.1:1', BODY, { signingDate: NOW, ...change.sign });
  const sent = change.headers ? change.headers({ ...headers }) : headers;
  const body = Buffer.from(change.body ?? BODY);
  await verifySignature({ method: 'POST', path: '/', headers: sent, body }, CREDENTIALS, NOW);
}

describe('verifySignature', () => {
  it('accepts what a client with the right key signed', async () => {
    await expect(verify({})).resolves.toBeUndefined();
  });

  it('refuses a request without a signature', async () => {
    const headers = (all: Record<string, string>) => ({ host: all['host'] ?? '' });
    await expect(verify({ headers })).rejects.toMatchObject({ code: 'MissingAuthenticationToken', status: 403 });
  });

  it('refuses an unknown access key', async () => {
    const sign = { credentials: { ...CREDENTIALS, accessKeyId: 'AKIDOTHER' } };
    await expect(verify({ sign })).rejects.toMatchObject({ code: 'InvalidClientTokenId', status: 403 });
  });

  it('refuses a wrong secret', async () => {
    const sign = { credentials: { ...CREDENTIALS, secretAccessKey: 'other' } };
    await expect(verify({ sign })).rejects.toMatchObject({ code: 'SignatureDoesNotMatch', status: 403 });
  });

  it('refuses a body that was changed after signing, whatever hash is declared', async () => {
    await expect(verify({ body: `${BODY}&x=1` })).rejects.toMatchObject({ code: 'SignatureDoesNotMatch' });
  });

  it('refuses a signed header that was changed', async () => {
    const headers = (all: Record<string, string>) => ({ ...all, 'content-type': 'text/plain' });
    await expect(verify({ headers })).rejects.toMatchObject({ code: 'SignatureDoesNotMatch' });
  });

  it('refuses a signature for another service', async () => {
    await expect(verify({ sign: { service: 's3' } })).rejects.toMatchObject({ code: 'SignatureDoesNotMatch' });
  });

  it.each([-16, 16])('refuses a request that was signed %i minutes off', async (minutes) => {
    const sign = { signingDate: new Date(NOW.getTime() + minutes * 60_000) };
    await expect(verify({ sign })).rejects.toMatchObject({ code: 'RequestExpired', status: 400 });
  });

  it('refuses an authorization header of another form', async () => {
    const headers = (all: Record<string, string>) => ({ ...all, authorization: 'Basic abc' });
    await expect(verify({ headers })).rejects.toMatchObject({ code: 'IncompleteSignature' });
  });

  it('refuses a request whose signed date is missing', async () => {
    const headers = (all: Record<string, string>) =>
      Object.fromEntries(Object.entries(all).filter(([name]) => name !== 'x-amz-date'));
    await expect(verify({ headers })).rejects.toMatchObject({ code: 'IncompleteSignature' });
  });
});
