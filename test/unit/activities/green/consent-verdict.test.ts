import { judgeConsents } from '../../../../activities/green/consent-verdict';
import { type ConsentSample } from '../../../../domain/ports/hydra-api';

const consent = (consentId: string, changes: Partial<ConsentSample> = {}): ConsentSample => ({
  consentId,
  clientId: 'c',
  scope: ['openid'],
  remember: true,
  rememberForSeconds: 0,
  ...changes,
});
const ids = (...list: string[]) => new Set(list);
const NONE = { same: 0, hidden: 0, changed: 0, revokedBefore: 0, goneSince: 0 };

const cases: [string, ConsentSample[], { blue: Set<string>; green: Set<string> }, Partial<typeof NONE>][] = [
  ['listed as on blue', [consent('a')], { blue: ids('a'), green: ids('a') }, { same: 1 }],
  ['listed with another scope', [consent('a', { scope: [] })], { blue: ids('a'), green: ids('a') }, { changed: 1 }],
  ['there and not listed', [], { blue: ids('a'), green: ids('a') }, { hidden: 1 }],
  ['there, not listed, and gone on blue', [], { blue: ids(), green: ids('a') }, { hidden: 1 }],
  ['gone on both sides', [], { blue: ids(), green: ids() }, { revokedBefore: 1 }],
  ['gone on green alone', [], { blue: ids('a'), green: ids() }, { goneSince: 1 }],
];

it.each(cases)('judges a consent that is %s', (_name, answered, rows, verdict) => {
  expect(judgeConsents([consent('a')], answered, rows)).toEqual({ ...NONE, ...verdict });
});
