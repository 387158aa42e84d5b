import { type PromiseEvent } from '../../../../../world/traffic/oracle/events';
import { Ledger } from '../../../../../world/traffic/oracle/ledger';

const CLIENT = 'client-1';
const SUBJECT = 'user-1';

const token = (id: string, kind: 'access_token' | 'refresh_token') => ({ id, kind, scope: 'openid' }) as const;

function grant(ledger: Ledger, chain: string, client = CLIENT, subject = SUBJECT): void {
  const events: PromiseEvent[] = [
    { type: 'consent_given', subject, client },
    { type: 'code_issued', code: chain, chain, client, subject, expiresAtMs: 1_000 },
    { type: 'code_used', code: chain },
    {
      type: 'tokens_issued',
      chain,
      client,
      subject,
      tokens: [token(`${chain}-a`, 'access_token'), token(`${chain}-r`, 'refresh_token')],
    },
  ];
  for (const event of events) ledger.apply(event, 1);
}

const expected = (ledger: Ledger): Record<string, string> =>
  Object.fromEntries([...ledger.all()].map((fact) => [fact.key, fact.expected]));

it('expects both tokens, the consent and no code after a grant', () => {
  const ledger = new Ledger();
  grant(ledger, 'g');
  expect(expected(ledger)).toEqual({
    'consent user-1 client-1': 'present',
    'code g': 'absent',
    'access_token g-a': 'present',
    'refresh_token g-r': 'present',
  });
});

it('expects only the new tokens after a rotation', () => {
  const ledger = new Ledger();
  grant(ledger, 'g');
  ledger.apply({ type: 'chain_rotated', chain: 'g', tokens: [token('n-a', 'access_token')] }, 2);
  expect(expected(ledger)).toMatchObject({
    'access_token g-a': 'absent',
    'refresh_token g-r': 'absent',
    'access_token n-a': 'present',
  });
  expect(ledger.get('access_token n-a')).toMatchObject({ client: CLIENT, subject: SUBJECT, chain: 'g' });
});

it('kills tokens and codes with the consents of a subject at one client, and leaves the other client alone', () => {
  const ledger = new Ledger();
  grant(ledger, 'g');
  grant(ledger, 'h', 'client-2');
  ledger.apply({ type: 'code_issued', code: 'c', chain: 'c', client: CLIENT, subject: SUBJECT, expiresAtMs: 1_000 }, 2);
  ledger.apply({ type: 'consents_revoked', subject: SUBJECT, client: CLIENT }, 3);
  expect(expected(ledger)).toMatchObject({
    'consent user-1 client-1': 'absent',
    'access_token g-a': 'absent',
    'refresh_token g-r': 'absent',
    'code c': 'absent',
    'consent user-1 client-2': 'present',
    'refresh_token h-r': 'present',
  });
});

it('keeps tokens when login sessions are deleted', () => {
  const ledger = new Ledger();
  grant(ledger, 'g');
  ledger.apply({ type: 'session_started', session: 's', subject: SUBJECT }, 2);
  ledger.apply({ type: 'sessions_deleted', subject: SUBJECT }, 3);
  expect(expected(ledger)).toMatchObject({ 'session s': 'absent', 'refresh_token g-r': 'present' });
});

it('keeps refresh tokens when the access tokens of a client are deleted', () => {
  const ledger = new Ledger();
  grant(ledger, 'g');
  ledger.apply({ type: 'access_tokens_deleted', client: CLIENT }, 2);
  expect(expected(ledger)).toMatchObject({ 'access_token g-a': 'absent', 'refresh_token g-r': 'present' });
});

it('ends everything of a deleted client', () => {
  const ledger = new Ledger();
  ledger.apply({ type: 'client_registered', client: CLIENT }, 1);
  ledger.apply({ type: 'secret_set', client: CLIENT, secret: 'x' }, 1);
  ledger.apply({ type: 'redirect_uris_set', client: CLIENT, uris: ['https://a.invalid/'] }, 1);
  grant(ledger, 'g');
  ledger.apply({ type: 'client_deleted', client: CLIENT }, 2);
  expect(new Set(Object.values(expected(ledger)))).toEqual(new Set(['absent']));
});

it('makes exactly what a lost answer may have changed unknown', () => {
  const ledger = new Ledger();
  grant(ledger, 'g');
  grant(ledger, 'h');
  ledger.apply({ type: 'chain_ended', chain: 'h', cause: 'revoke' }, 2);
  ledger.applyUncertain({ type: 'consents_revoked', subject: SUBJECT }, 3);
  expect(expected(ledger)).toMatchObject({
    'refresh_token g-r': 'unknown',
    'consent user-1 client-1': 'unknown',
    // Dead before: a lost revocation cannot bring it back.
    'refresh_token h-r': 'absent',
  });
});

it('leaves both secrets open after a lost rotation, and settles them when the next one is confirmed', () => {
  const ledger = new Ledger();
  ledger.apply({ type: 'secret_set', client: CLIENT, secret: 'one' }, 1);
  ledger.applyUncertain({ type: 'secret_set', client: CLIENT, secret: 'two' }, 2);
  expect(expected(ledger)).toEqual({ 'secret one': 'unknown', 'secret two': 'unknown' });
  ledger.apply({ type: 'secret_set', client: CLIENT, secret: 'three' }, 3);
  expect(expected(ledger)).toEqual({ 'secret one': 'absent', 'secret two': 'absent', 'secret three': 'present' });
});

it('pins only unknown facts', () => {
  const ledger = new Ledger();
  grant(ledger, 'g');
  ledger.pin({ key: 'refresh_token g-r', present: false, atMs: 5 });
  expect(ledger.get('refresh_token g-r')).toMatchObject({ expected: 'present', pinned: false });
  ledger.applyUncertain({ type: 'chain_ended', chain: 'g', cause: 'revoke' }, 6);
  ledger.pin({ key: 'refresh_token g-r', present: false, atMs: 9 });
  expect(ledger.get('refresh_token g-r')).toMatchObject({ expected: 'absent', pinned: true });
});

it('promises again what was revoked and then given anew', () => {
  const ledger = new Ledger();
  grant(ledger, 'g');
  ledger.apply({ type: 'consents_revoked', subject: SUBJECT }, 2);
  grant(ledger, 'h');
  expect(expected(ledger)).toMatchObject({ 'consent user-1 client-1': 'present', 'refresh_token g-r': 'absent' });
});
