import { generateKeyPairSync, sign } from 'node:crypto';
import { logoutTokenProblem } from '../../../../adapters/canary-user/logout-token';

const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} };
const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const KEYS = [
  { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'rsa' },
  { ...ec.publicKey.export({ format: 'jwk' }), kid: 'ec' },
];

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function token(claims: object, alg: 'RS256' | 'ES256' = 'RS256', kid: string = alg === 'RS256' ? 'rsa' : 'ec'): string {
  const signed = `${part({ alg, kid })}.${part(claims)}`;
  const key = alg === 'RS256' ? rsa.privateKey : { key: ec.privateKey, dsaEncoding: 'ieee-p1363' as const };
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
}

it.each(['RS256', 'ES256'] as const)('takes a logout token for the client, signed with %s', (alg) => {
  expect(logoutTokenProblem(token({ aud: ['app'], events: EVENTS }, alg), 'app', KEYS)).toBeNull();
  expect(logoutTokenProblem(token({ aud: 'app', events: EVENTS }, alg), 'app', KEYS)).toBeNull();
});

it.each<[string, string, string]>([
  ['that is none', 'nonsense', 'no JWT'],
  ['that nobody signed', `${part({ alg: 'none', kid: 'rsa' })}.${part({ aud: 'app', events: EVENTS })}.`, 'no JWT'],
  ['of a key that is not published', token({ aud: 'app', events: EVENTS }, 'RS256', 'other'), 'none of the published'],
  ['of a key of another kind', token({ aud: 'app', events: EVENTS }, 'RS256', 'ec'), 'none of the published'],
  ['for another client', token({ aud: 'other', events: EVENTS }), 'another client'],
  ['that is an ID token', token({ aud: 'app', nonce: 'n', events: EVENTS }), 'no logout'],
  ['of another event', token({ aud: 'app', events: { other: {} } }), 'no logout'],
])('says what is wrong with one %s', (_case, told, problem) => {
  expect(logoutTokenProblem(told, 'app', KEYS)).toContain(problem);
});

it('says so when its contents were changed', () => {
  const [head, , signature] = token({ aud: 'other', events: EVENTS }).split('.');
  const forged = `${head}.${part({ aud: 'app', events: EVENTS })}.${signature}`;
  expect(logoutTokenProblem(forged, 'app', KEYS)).toContain('none of the published');
});
