import { type Fact } from '../../../../../world/traffic/oracle/fact';
import { FACT_KIND_NAMES, FACT_KINDS } from '../../../../../world/traffic/oracle/fact-kinds';
import { judge } from '../../../../../world/traffic/oracle/judge';
import { SeenValues } from '../../../../../world/traffic/oracle/values';
import { VerdictBuilder } from '../../../../../world/traffic/oracle/verdict';

const SETTINGS = { settleMs: 1_000, clockSkewMs: 100 };

const fact = (more: Partial<Fact> = {}): Fact => ({
  key: 'access_token x',
  kind: 'access_token',
  id: 'x',
  expected: 'present',
  cause: 'tokens_issued',
  sinceMs: 0,
  pinned: false,
  ...more,
});

const see = (present: boolean, atMs = 5_000) => ({ key: 'access_token x', present, atMs });

it.each(FACT_KIND_NAMES)('names a %s that was lost and one that was revived', (kind) => {
  expect(judge(fact({ kind }), see(false), SETTINGS)).toEqual({
    outcome: 'finding',
    name: FACT_KINDS[kind].lost,
    class: 'confirmedButLost',
  });
  expect(judge(fact({ kind, expected: 'absent' }), see(true), SETTINGS)).toEqual({
    outcome: 'finding',
    name: FACT_KINDS[kind].revived,
    class: 'revokedButActive',
  });
  expect(judge(fact({ kind }), see(true), SETTINGS)).toEqual({ outcome: 'confirmed' });
  expect(judge(fact({ kind, expected: 'absent' }), see(false), SETTINGS)).toEqual({ outcome: 'confirmed' });
});

it.each([
  [4_000, 'undecided'],
  [1_000, 'pinned'],
])('settles an unknown fact only when the lost request cannot be at work any more (since %d)', (sinceMs, outcome) => {
  const unknown = fact({ expected: 'unknown', sinceMs });
  expect(judge(unknown, see(true, 4_500), { ...SETTINGS, settleMs: 3_500 })).toEqual({ outcome });
});

it('calls a pinned fact that changed not stable', () => {
  const pinned = fact({ expected: 'absent', pinned: true });
  expect(judge(pinned, see(true), SETTINGS)).toMatchObject({ name: 'unknown_not_stable', class: 'unstable' });
});

it('takes both answers around an expiry and only one after it', () => {
  const short = fact({ expiresAtMs: 5_000 });
  expect(judge(short, see(true, 4_950), SETTINGS)).toEqual({ outcome: 'undecided' });
  expect(judge(short, see(false, 5_050), SETTINGS)).toEqual({ outcome: 'undecided' });
  expect(judge(short, see(false, 5_200), SETTINGS)).toEqual({ outcome: 'confirmed' });
  expect(judge(short, see(true, 5_200), SETTINGS)).toMatchObject({ name: 'expired_token_active' });
  expect(judge(short, see(false, 4_000), SETTINGS)).toMatchObject({ name: 'access_token_lost' });
});

it('remembers the first value and names another one', () => {
  const values = new SeenValues();
  expect(values.check('subject', 'client user', 'a')).toBeUndefined();
  expect(values.check('subject', 'client user', 'a')).toBeUndefined();
  expect(values.check('subject', 'client other', 'b')).toBeUndefined();
  expect(values.check('subject', 'client user', 'b')).toBe('subject_changed');
});

it('is clean only when everything was observed and nothing was broken', () => {
  const builder = new VerdictBuilder();
  builder.countChecked('client');
  expect(builder.build(0, 1).clean).toBe(true);
  for (let at = 0; at < 20; at += 1) builder.countUnobserved(`session ${at}`);
  const verdict = builder.build(0, 1);
  expect(verdict).toMatchObject({ clean: false, unobserved: 20 });
  expect(verdict.unobservedSamples).toHaveLength(10);
});

it('counts all findings and keeps a few of each as samples', () => {
  const builder = new VerdictBuilder();
  for (let at = 0; at < 20; at++) {
    const times = { promisedAt: '2026-01-01T00:00:00.000Z', observedAt: '2026-01-01T00:00:01.000Z' };
    builder.add({ name: 'consent_lost', class: 'confirmedButLost', id: `${at}`, cause: 'consent_given', ...times });
  }
  const verdict = builder.build(0, 1);
  expect(verdict).toMatchObject({ confirmedButLost: 20, findingsByName: { consent_lost: 20 }, clean: false });
  expect(verdict.samples).toHaveLength(5);
});
