import { generateKeyPairSync } from 'node:crypto';
import { CutoverFault } from '../../../../../domain/faults';
import { transportReason } from '../../../../../world/traffic/http/answer';
import { authenticated } from '../../../../../world/traffic/http/client-auth';
import { isSignedBy, readJwt, signJwt } from '../../../../../world/traffic/http/jwt';
import { draftClient } from '../../../../../world/traffic/population/shared-clients';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const jwk = publicKey.export({ format: 'jwk' });
const ENDPOINT = 'https://hydra.invalid/oauth2/token';

it('signs what it can read and verify, and refuses a changed payload', () => {
  const token = signJwt({ sub: 'user' }, privateKey, 'key-1');
  expect(readJwt(token)).toEqual({ keyId: 'key-1', claims: { sub: 'user' } });
  expect(isSignedBy(token, jwk)).toBe(true);
  const [head, , signature] = token.split('.');
  const forged = [head, Buffer.from('{"sub":"other"}').toString('base64url'), signature].join('.');
  expect(isSignedBy(forged, jwk)).toBe(false);
});

it.each(['', 'opaque', 'a.b', 'bm90IGpzb24.bm90IGpzb24.x'])('reads %p as no JWT', (token) => {
  expect(readJwt(token)).toBeUndefined();
});

it('encodes both parts of basic credentials before joining them', () => {
  const client = { ...draftClient('id:1', { authMethod: 'client_secret_basic' }), secret: 'a:b c' };
  const { headers, form } = authenticated(client, { token: 't' }, ENDPOINT);
  const pair = Buffer.from((headers['authorization'] ?? '').slice('Basic '.length), 'base64').toString();
  expect(pair).toBe('id%3A1:a%3Ab%20c');
  expect(form).toEqual({ token: 't' });
});

it('makes a new assertion for every request', () => {
  const key = { privateKey, jwks: { keys: [jwk] } };
  const client = draftClient('signer', { authMethod: 'private_key_jwt', key });
  const assertion = (): string => authenticated(client, {}, ENDPOINT).form['client_assertion'] ?? '';
  const [one, two] = [assertion(), assertion()];
  expect(one).not.toBe(two);
  expect(readJwt(one)?.claims).toMatchObject({ iss: 'signer', sub: 'signer', aud: ENDPOINT });
  expect(isSignedBy(one, jwk)).toBe(true);
});

it('names a lost answer by the innermost code and quotes no message', () => {
  const cause = Object.assign(new Error('read /secret'), { code: 'ECONNRESET' });
  const fault = new CutoverFault('HYDRA_UNREACHABLE', 'no answer', {}, cause);
  expect(transportReason(fault)).toBe('ECONNRESET');
});
