import { type ConsentRows, judgeConsents } from '../../../../activities/support/consent-verdict';
import { type ConsentSample } from '../../../../domain/ports/hydra-api';
import { PATH } from '../../../support/path';
import { type ConsentOrigin } from '../../../../hydra/validation';

const consent = (consentId: string, answer: ConsentSample['answer'] = {}): ConsentSample => ({
  consentId,
  clientId: 'c',
  scope: ['openid'],
  remember: true,
  rememberForSeconds: 0,
  answer: {
    grant_scope: ['openid'],
    context: 'only on green',
    consent_request: { challenge: consentId, client: {}, login_challenge: 'login', login_session_id: 'session' },
    ...answer,
  },
});
const ids = (...list: string[]) => new Set(list);
const NONE = { same: 0, hidden: [], changed: [], revokedBefore: 0, goneSince: 0 };

const LOGIN = { login_challenge: 'login', login_session_id: 'session' };
/** Blue forgets both with the session. */
const KNOWN = { loginChallenge: 'login', loginSession: 'session' };
const FORGOTTEN = { loginChallenge: null, loginSession: null };
const onBlue = (origin = KNOWN as ConsentOrigin) => new Map([['a', origin]]);
const request = (fields: object) => ({ consent_request: { challenge: 'a', client: {}, ...LOGIN, ...fields } });
const changed = (...fields: string[]) => ({ changed: [{ consentId: 'a', fields }] });

type Verdict = ReturnType<typeof judgeConsents>;
const BOTH = { origins: onBlue(), valid: ids('a') };
const OVER = { sessions: ids() };
const cases: [string, ConsentSample[], Partial<ConsentRows>, Partial<Verdict>][] = [
  ['listed as on blue', [consent('a')], BOTH, { same: 1 }],
  ['listed with another scope', [consent('a', { grant_scope: [] })], BOTH, changed('[].grant_scope')],
  ['listed without its claims', [consent('a', { session: {} })], BOTH, changed('[].session')],
  ['of a client that was edited since', [consent('a', request({ client: { client_name: 'new' } }))], BOTH, { same: 1 }],
  [
    'of a user who logged out on green',
    [consent('a', request({ login_session_id: null }))],
    { ...BOTH, ...OVER },
    { same: 1 },
  ],
  [
    'without its session, which is not over',
    [consent('a', request({ login_session_id: null }))],
    BOTH,
    changed('[].consent_request.login_session_id'),
  ],
  [
    'of another session',
    [consent('a', request({ login_session_id: 'other' }))],
    { ...BOTH, ...OVER },
    changed('[].consent_request.login_session_id'),
  ],
  [
    'of a user who logged out on blue before the commit',
    [consent('a', request({ login_challenge: 'cut-1', login_session_id: null }))],
    { origins: onBlue(FORGOTTEN), valid: ids('a'), ...OVER },
    { same: 1 },
  ],
  [
    'of another login, though blue knows it',
    [consent('a', request({ login_challenge: 'cut-1' }))],
    BOTH,
    changed('[].consent_request.login_challenge'),
  ],
  [
    'listed, and was gone on blue at the commit',
    [consent('a')],
    { origins: new Map(), valid: ids('a') },
    changed('the whole consent, which blue has not any more'),
  ],
  ['there and not listed', [], BOTH, { hidden: ['a'] }],
  ['there, not listed, and gone on blue', [], { origins: new Map(), valid: ids('a') }, { hidden: ['a'] }],
  ['gone on both sides', [], { origins: new Map(), valid: ids() }, { revokedBefore: 1 }],
  ['gone on green alone', [], { origins: onBlue(), valid: ids() }, { goneSince: 1 }],
];

it.each(cases)('judges a consent that is %s', (_name, answered, rows, verdict) => {
  const before = consent('a', { session: { id_token: { email: 'x' } } });
  const now = answered.map((one) => ({ ...one, answer: { session: before.answer['session'], ...one.answer } }));
  const all = { side: 'blue' as const, origins: new Map(), valid: ids(), sessions: ids('session'), ...rows };
  expect(judgeConsents(PATH.differences, [before], now, all)).toEqual({ ...NONE, ...verdict });
});
