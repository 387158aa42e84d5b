import { checkHistory } from '../../contention/history/check-history';
import { type Answer, contendedOf, type Operation, type OperationKind } from '../../contention/history/operation';

type Said = Exclude<Answer['is'], 'tokens'>;

/** `at` and `until` in one; a token where it is about one. */
function said(kind: OperationKind, [at, until]: readonly [number, number], is: Said, token?: string): Operation {
  return { kind, at, until, answer: { is }, ...(token !== undefined && { token }) };
}

function got(
  kind: 'redeem' | 'refresh',
  [at, until]: readonly [number, number],
  pair: number,
  { token, byBlue = false }: { readonly token?: string; readonly byBlue?: boolean } = {},
): Operation {
  const answer = { is: 'tokens', access: `a${pair}`, refresh: `r${pair}`, byBlue } as const;
  return { kind, at, until, answer, ...(token !== undefined && { token }) };
}

const REDEEMED = got('redeem', [0, 1], 1, { byBlue: true });
const verdictOf = (...rest: readonly Operation[]) => checkHistory([REDEEMED, ...rest]).is;

describe('a history that one Hydra can have had', () => {
  it.each<[string, readonly Operation[]]>([
    [
      'a chain that goes on from blue to green',
      [
        got('refresh', [2, 3], 2, { token: 'r1', byBlue: true }),
        said('introspect', [4, 5], 'active', 'a2'),
        got('refresh', [6, 7], 3, { token: 'r2' }),
        said('introspect', [8, 9], 'inactive', 'a2'),
        said('introspect', [8, 9], 'active', 'r3'),
      ],
    ],
    [
      'reads during a refresh, which see it done or not',
      [
        got('refresh', [2, 9], 2, { token: 'r1' }),
        said('introspect', [3, 4], 'active', 'a1'),
        said('introspect', [5, 6], 'inactive', 'a1'),
        said('userinfo', [7, 8], 'inactive', 'a1'),
      ],
    ],
    [
      'a revocation whose answer was lost, and that happens late',
      [
        { ...said('revoke', [2, Infinity], 'unknown', 'r1') },
        said('introspect', [10, 11], 'active', 'a1'),
        said('introspect', [12, 13], 'inactive', 'r1'),
        said('introspect', [14, 15], 'inactive', 'a1'),
      ],
    ],
    [
      'a revocation whose answer was lost, and that never happens',
      [said('revoke', [2, Infinity], 'unknown', 'r1'), got('refresh', [10, 11], 2, { token: 'r1' })],
    ],
    [
      'a refresh whose answer was lost: the retry ends the chain',
      [
        said('refresh', [2, Infinity], 'unknown', 'r1'),
        said('refresh', [10, 11], 'reused', 'r1'),
        said('introspect', [12, 13], 'inactive', 'a1'),
      ],
    ],
    [
      'a revocation in two moments: first the refresh token, then the access token',
      [
        said('revoke', [2, 9], 'done', 'r1'),
        said('introspect', [3, 4], 'inactive', 'r1'),
        said('introspect', [5, 6], 'active', 'a1'),
      ],
    ],
    [
      'a refresh at the same time, whose tokens the revocation did not see',
      [
        said('revoke', [2, 9], 'done', 'r1'),
        got('refresh', [3, 8], 2, { token: 'r1', byBlue: true }),
        said('introspect', [10, 11], 'active', 'r2'),
      ],
    ],
    [
      'a revocation of a token that was rotated away, which is answered 200 and does nothing',
      [
        got('refresh', [2, 3], 2, { token: 'r1' }),
        said('revoke', [4, 5], 'done', 'a1'),
        said('introspect', [6, 7], 'active', 'a2'),
      ],
    ],
    [
      'two refreshes of one token at green, both answered, the first with an access token that lives on',
      [
        got('refresh', [2, 8], 2, { token: 'r1' }),
        got('refresh', [3, 9], 3, { token: 'r1' }),
        said('introspect', [10, 11], 'active', 'a2'),
        said('introspect', [10, 11], 'inactive', 'r2'),
        said('introspect', [10, 11], 'active', 'r3'),
      ],
    ],
    [
      'a code that is redeemed twice at once, both times with tokens',
      [
        got('redeem', [0.5, 1.5], 2, { byBlue: true }),
        said('introspect', [3, 4], 'active', 'a1'),
        said('introspect', [3, 4], 'active', 'a2'),
        got('refresh', [5, 6], 3, { token: 'r2', byBlue: true }),
        said('introspect', [7, 8], 'inactive', 'r1'),
      ],
    ],
    [
      'a code that is redeemed again: nothing of it is left',
      [
        said('redeem', [2, 3], 'reused'),
        said('introspect', [4, 5], 'inactive', 'a1'),
        said('introspect', [4, 5], 'inactive', 'r1'),
      ],
    ],
    [
      'a consent that is deleted during a refresh, which loses',
      [
        said('deleteConsent', [2, 9], 'done'),
        said('refresh', [3, 8], 'conflict', 'r1'),
        said('introspect', [10, 11], 'inactive', 'a1'),
      ],
    ],
    [
      'a client that is deleted, and unknown after it',
      [said('deleteClient', [2, 3], 'done'), said('refresh', [4, 5], 'noClient', 'r1')],
    ],
  ])('%s', (_what, rest) => {
    expect(verdictOf(...rest)).toBe('linearizable');
  });
});

describe('a lie is found', () => {
  it.each<[string, readonly Operation[]]>([
    [
      'a revoked token that is active later',
      [said('revoke', [2, 3], 'done', 'r1'), said('introspect', [4, 5], 'active', 'a1')],
    ],
    [
      'a revoked token that comes back after it was seen inactive, the answer of the revocation lost',
      [
        said('revoke', [2, Infinity], 'unknown', 'r1'),
        said('introspect', [4, 5], 'inactive', 'r1'),
        said('introspect', [6, 7], 'active', 'r1'),
      ],
    ],
    [
      'a revoked chain that is refreshed',
      [said('revoke', [2, 3], 'done', 'a1'), got('refresh', [4, 5], 2, { token: 'r1' })],
    ],
    [
      'a rotation that is lost: the old pair is back',
      [got('refresh', [2, 3], 2, { token: 'r1', byBlue: true }), said('introspect', [4, 5], 'active', 'a1')],
    ],
    [
      'a rotation that is lost: the old refresh token works again',
      [got('refresh', [2, 3], 2, { token: 'r1', byBlue: true }), got('refresh', [4, 5], 3, { token: 'r1' })],
    ],
    [
      'a rotation that is lost: Hydra does not know the new token',
      [got('refresh', [2, 3], 2, { token: 'r1', byBlue: true }), said('refresh', [4, 5], 'notFound', 'r2')],
    ],
    [
      'a spent token that is forgotten: its reuse would end nothing',
      [got('refresh', [2, 3], 2, { token: 'r1', byBlue: true }), said('refresh', [4, 5], 'notFound', 'r1')],
    ],
    [
      'a reuse that leaves the chain alive',
      [
        got('refresh', [2, 3], 2, { token: 'r1', byBlue: true }),
        said('refresh', [4, 5], 'reused', 'r1'),
        said('introspect', [6, 7], 'active', 'r2'),
      ],
    ],
    [
      'a code that is redeemed again one after the other, both times with tokens',
      [
        got('redeem', [2, 3], 2),
        said('introspect', [4, 5], 'active', 'a1'),
        said('introspect', [4, 5], 'active', 'a2'),
      ],
    ],
    [
      'a code that is redeemed again, and what it gave lives on',
      [said('redeem', [2, 3], 'reused'), said('introspect', [4, 5], 'active', 'a1')],
    ],
    ['a code that is not known at its second time', [said('redeem', [2, 3], 'notFound')]],
    [
      'a stale read after the writes have moved',
      [
        got('refresh', [2, 3], 2, { token: 'r1' }),
        said('introspect', [4, 5], 'active', 'a2'),
        said('introspect', [6, 7], 'active', 'r1'),
      ],
    ],
    [
      'a read that falls back, within one revocation',
      [
        said('revoke', [2, 9], 'done', 'r1'),
        said('introspect', [3, 4], 'inactive', 'a1'),
        said('introspect', [5, 6], 'active', 'a1'),
      ],
    ],
    ['a live grant that is said to be inactive', [said('introspect', [2, 3], 'inactive', 'a1')]],
    ['a live grant that is refused a refresh', [said('refresh', [2, 3], 'reused', 'r1')]],
    ['a conflict with nobody', [said('refresh', [2, 3], 'conflict', 'r1')]],
    [
      'two refreshes of one token at blue, both answered',
      [
        got('refresh', [2, 8], 2, { token: 'r1', byBlue: true }),
        got('refresh', [3, 9], 3, { token: 'r1', byBlue: true }),
        said('introspect', [10, 11], 'active', 'r2'),
      ],
    ],
    [
      'two live refresh tokens after two refreshes at green',
      [
        got('refresh', [2, 8], 2, { token: 'r1' }),
        got('refresh', [3, 9], 3, { token: 'r1' }),
        said('introspect', [10, 11], 'active', 'r2'),
        said('introspect', [12, 13], 'active', 'r3'),
      ],
    ],
    [
      'a token of a consent that was deleted',
      [said('deleteConsent', [2, 3], 'done'), said('introspect', [4, 5], 'active', 'r1')],
    ],
    [
      'a refresh with a client that was deleted',
      [said('deleteClient', [2, 3], 'done'), got('refresh', [4, 5], 2, { token: 'r1' })],
    ],
    ['a client that is unknown and was never deleted', [said('refresh', [2, 3], 'noClient', 'r1')]],
  ])('%s', (_what, rest) => {
    expect(verdictOf(...rest)).toBe('broken');
  });

  it('with the operations that nothing explains, and without a word of a token', () => {
    const verdict = checkHistory([
      REDEEMED,
      said('revoke', [2, 3], 'done', 'r1'),
      said('introspect', [4, 5], 'active', 'a1'),
    ]);
    expect(verdict).toEqual({ is: 'broken', placed: 2, stuck: ['4.0..5.0 ms  introspect a1 -> active'] });
  });
});

describe('the search', () => {
  it('decides a history with many operations at once, and says so where it is given too little to look at', () => {
    const crowd = Array.from({ length: 10 }, (_, index) =>
      said('revoke', [2, 20 + index], 'done', index % 2 === 0 ? 'r1' : 'a1'),
    );
    const reads = [said('introspect', [2, 3], 'active', 'a1'), said('introspect', [40, 41], 'inactive', 'a1')];
    expect(verdictOf(...crowd, ...reads)).toBe('linearizable');
    expect(checkHistory([REDEEMED, ...crowd, said('introspect', [40, 41], 'active', 'a1')], 50).is).toBe('undecided');
  });

  it('does not depend on the order in which operations were written down', () => {
    const history = [
      REDEEMED,
      got('refresh', [2, 3], 2, { token: 'r1', byBlue: true }),
      said('introspect', [4, 5], 'active', 'a2'),
    ];
    expect(checkHistory(history.toReversed()).is).toBe('linearizable');
  });
});

describe('contended', () => {
  it('are operations with another one at the same time, if one of the two writes', () => {
    const reads = [said('introspect', [2, 5], 'active', 'a1'), said('introspect', [3, 4], 'active', 'a1')];
    const [refresh, peek] = [got('refresh', [6, 9], 2, { token: 'r1' }), said('introspect', [7, 8], 'active', 'a1')];
    expect(contendedOf([REDEEMED, ...reads, refresh, peek])).toEqual([refresh, peek]);
  });
});
