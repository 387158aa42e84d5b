import { judgeConsents } from '../../../../activities/green/consent-verdict';
import { type ConsentSample } from '../../../../domain/ports/hydra-api';

const consent = (consentId: string, answer: ConsentSample['answer'] = {}): ConsentSample => ({
  consentId,
  clientId: 'c',
  scope: ['openid'],
  remember: true,
  rememberForSeconds: 0,
  answer: {
    grant_scope: ['openid'],
    context: 'only on green',
    consent_request: { challenge: consentId, client: {} },
    ...answer,
  },
});
const ids = (...list: string[]) => new Set(list);
const NONE = { same: 0, hidden: [], changed: [], revokedBefore: 0, goneSince: 0 };

type Verdict = ReturnType<typeof judgeConsents>;
const cases: [string, ConsentSample[], { blue: Set<string>; green: Set<string> }, Partial<Verdict>][] = [
  ['listed as on blue', [consent('a')], { blue: ids('a'), green: ids('a') }, { same: 1 }],
  [
    'listed with another scope',
    [{ ...consent('a'), scope: [] }],
    { blue: ids('a'), green: ids('a') },
    { changed: ['a'] },
  ],
  [
    'listed with claims of later, which were compared before the commit',
    [consent('a', { session: {} })],
    { blue: ids('a'), green: ids('a') },
    { same: 1 },
  ],
  [
    'of a client that was edited since',
    [consent('a', { consent_request: { challenge: 'a', client: { client_name: 'new' } } })],
    { blue: ids('a'), green: ids('a') },
    { same: 1 },
  ],
  ['there and not listed', [], { blue: ids('a'), green: ids('a') }, { hidden: ['a'] }],
  ['there, not listed, and gone on blue', [], { blue: ids(), green: ids('a') }, { hidden: ['a'] }],
  ['gone on both sides', [], { blue: ids(), green: ids() }, { revokedBefore: 1 }],
  ['gone on green alone', [], { blue: ids('a'), green: ids() }, { goneSince: 1 }],
];

it.each(cases)('judges a consent that is %s', (_name, answered, rows, verdict) => {
  const before = consent('a', { session: { id_token: { email: 'x' } } });
  const now = answered.map((one) => ({ ...one, answer: { session: before.answer['session'], ...one.answer } }));
  expect(judgeConsents([before], now, rows)).toEqual({ ...NONE, ...verdict });
});
