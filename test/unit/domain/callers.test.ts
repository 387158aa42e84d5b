import {
  addCallers,
  callersBetween,
  type CallersSample,
  type GatewayCalls,
  NOBODY_WATCHED,
} from '../../../domain/callers';
import { callersFacts, callersProblems } from '../../../domain/evidence/callers';

const SPAN_MS = 5_000;
const NOTHING = { 'tokens issued': 0, 'logins begun': 0, 'changes of clients': 0 };

function counts(sent: number, answered = sent, abandoned = 0, startedAt = 1): GatewayCalls {
  const of = (token: number) => ({ token });
  return { startedAt, sent: of(sent), answered: of(answered), abandoned: of(abandoned) };
}

interface Seen {
  readonly gateways?: readonly (GatewayCalls | string)[];
  readonly hydras?: readonly (number | string)[];
  readonly probes?: number;
  readonly hydraStart?: number;
}

function sample({ gateways = [counts(0)], hydras = [0], probes = 0, hydraStart = 1 }: Seen): CallersSample {
  return {
    gateways: gateways.map((calls, index) => ({ name: `edge-${index + 1}`, calls })),
    probes: { token: probes },
    hydras: hydras.map((calls, index) => ({
      at: `hydra-${index + 1}`,
      calls: typeof calls === 'string' ? calls : { startedAt: hydraStart, answered: { token: calls } },
    })),
  };
}

function between(before: Seen, after: Seen, logged: Partial<typeof NOTHING> = {}, earlier?: Seen) {
  const samples = { before: sample(before), after: sample(after), ...(earlier && { earlier: sample(earlier) }) };
  return callersBetween(samples, { ...NOTHING, ...logged }, SPAN_MS);
}

const tokens = (count: number) => [{ by: 'change log', what: 'tokens issued', count }];
const answers = (count: number) => [{ by: 'Hydra', what: 'token', count }];

describe('who goes past the gateways', () => {
  it.each<[string, Seen, Seen, Partial<typeof NOTHING>, Seen | undefined, readonly object[]]>([
    [
      'nobody, when all was sent by them',
      {},
      { gateways: [counts(5)], hydras: [5] },
      { 'tokens issued': 4 },
      undefined,
      [],
    ],
    ['a token that nobody sent for', {}, { gateways: [counts(5)] }, { 'tokens issued': 6 }, undefined, tokens(1)],
    ['a request that nobody sent', {}, { gateways: [counts(5)], hydras: [7] }, {}, undefined, answers(2)],
    [
      'nobody, when two gateways did it',
      { gateways: [counts(1), counts(1)] },
      { gateways: [counts(3), counts(4)], hydras: [5] },
      {},
      undefined,
      [],
    ],
    [
      'nobody, when several Hydras did it',
      { hydras: [1, 1] },
      { gateways: [counts(5)], hydras: [3, 4] },
      {},
      undefined,
      [],
    ],
    ['nobody, when this worker asked', {}, { probes: 2, hydras: [2] }, { 'tokens issued': 2 }, undefined, []],
    [
      'nobody, for a call that was under way before',
      { gateways: [counts(9, 8)] },
      { gateways: [counts(9)], hydras: [1] },
      {},
      undefined,
      [],
    ],
    [
      'nobody, for one that a client gave up just before',
      { gateways: [counts(9, 8, 1)] },
      { gateways: [counts(9, 8, 1)], hydras: [1] },
      {},
      { gateways: [counts(9, 8)] },
      [],
    ],
    [
      'somebody, where one was given up long before',
      { gateways: [counts(9, 8, 1)] },
      { gateways: [counts(9, 8, 1)], hydras: [1] },
      {},
      { gateways: [counts(9, 8, 1)] },
      answers(1),
    ],
  ])('is %s', (_case, before, after, logged, earlier, beyond) => {
    expect(between(before, after, logged, earlier)).toEqual({ spanMs: SPAN_MS, beyond, unknown: [] });
  });

  it.each<[string, Seen, Seen, RegExp]>([
    [
      'a gateway started anew',
      { gateways: [counts(5)] },
      { gateways: [counts(0, 0, 0, 2)], hydras: [5] },
      /edge-1 was started anew/,
    ],
    ['a gateway counts nothing', {}, { gateways: ['its version does not count'], hydras: [5] }, /edge-1: its version/],
    [
      'a gateway counted nothing before',
      { gateways: ['away'] },
      { gateways: [counts(5)], hydras: [9] },
      /edge-1: away/,
    ],
    ['a gateway is new', {}, { gateways: [counts(0), counts(5)], hydras: [9] }, /edge-2 was not there/],
    ['there is no gateway', { gateways: [] }, { gateways: [], hydras: [9] }, /no gateway is listed/],
  ])('is not known, and nobody is blamed, where %s', (_case, before, after, why) => {
    const seen = between(before, after, { 'tokens issued': 9 });
    expect(seen).toMatchObject({ spanMs: 0, beyond: [], unknown: [expect.stringMatching(why)] });
    expect(callersFacts('callers', seen)).toMatchObject([{ state: 'unknown' }]);
  });

  it.each<[string, Seen, RegExp]>([
    ['does not answer', { hydras: [0, 'connection refused'] }, /^partial: 1 of 2 .*hydra-2: connection refused/],
    ['is another process', { hydras: [0], hydraStart: 2 }, /^partial: hydra-1 is not the process.*blue\.metricsUrls/],
    ['was not asked', { hydras: [] }, /was not asked/],
  ])('is known in part where a Hydra %s; what the change log has counts all the same', (_case, after, why) => {
    const seen = between({ hydras: [0, 0] }, after, { 'tokens issued': 1 });
    expect(seen).toMatchObject({ spanMs: SPAN_MS, beyond: tokens(1), unknown: [expect.stringMatching(why)] });
  });

  it('may be a target that reads at Hydra itself, as it does until it is flipped; what only clients ask is told all the same', () => {
    const asked = (introspection: number, token: number): CallersSample => ({
      ...sample({}),
      hydras: [{ at: 'hydra-1', calls: { startedAt: 1, answered: { introspection, token } } }],
    });
    const seen = callersBetween({ before: asked(0, 0), after: asked(5, 1), hasTargets: true }, NOTHING, SPAN_MS);
    expect(seen.beyond).toEqual(answers(1));
    expect(seen.ofTargets).toEqual([{ by: 'Hydra', what: 'introspection', count: 5 }]);
    expect(addCallers(seen, seen).ofTargets).toEqual([{ by: 'Hydra', what: 'introspection', count: 10 }]);
    const onlyReads = callersBetween({ before: asked(0, 0), after: asked(5, 0), hasTargets: true }, NOTHING, SPAN_MS);
    const [told] = callersFacts('callers', onlyReads);
    expect(told?.value).toContain('targets may have asked Hydra themselves: introspection 5');
    expect(told).not.toHaveProperty('state');
    expect(callersBetween({ before: asked(0, 0), after: asked(5, 0) }, NOTHING, SPAN_MS).beyond).toHaveLength(1);
  });

  it('is told with what to do, and added up over the spans', () => {
    const first = between({}, { hydras: [2] });
    const all = addCallers(
      addCallers(NOBODY_WATCHED, first),
      between({}, { hydras: [1, 'away'] }, { 'logins begun': 1 }),
    );
    expect(all).toMatchObject({ spanMs: 2 * SPAN_MS, unknown: [expect.stringContaining('1 of 2')] });
    expect(callersProblems(all)).toEqual([
      expect.stringMatching(/^blue's Hydra answered 3 more requests \(token\) than .*let it go through the gateways/),
      expect.stringMatching(/^blue's change log has 1 more logins begun/),
    ]);
    expect(callersFacts('callers', all)).toMatchObject([
      { state: 'bad', value: expect.stringContaining('not all is known') as string },
    ]);
    expect(callersFacts('callers', undefined)).toEqual([]);
    expect(callersFacts('callers', between({}, {}))[0]).not.toHaveProperty('state');
  });
});
