import { gatewayLine, gatewaysBlock } from '../../../domain/evidence/gateways-block';
import { type KnownMember, knownGateways, type ListedGateway } from '../../../domain/known-gateways';

function listed(changes: Partial<Exclude<ListedGateway, { problem: string }>> = {}): ListedGateway {
  return { name: 'edge-1', member: { id: 'm-1', isAlive: true }, serves: 'blue', epoch: 0, ...changes };
}

function member(changes: Partial<KnownMember> = {}): KnownMember {
  return { member: 'm-1', name: 'host/m-1', isAlive: true, silentMs: -3_500, boundEpoch: 0, ...changes };
}

const STRANGER = member({ member: 'm-9', name: 'host/m-9' });

describe('the gateways that may forward to blue', () => {
  it('are those of the list in its order, then members that nobody listed', () => {
    const found = knownGateways([listed()], [STRANGER, member({ boundEpoch: 4 })]);
    expect(found).toEqual([
      {
        ...{ name: 'edge-1', isListed: true, membership: 'beats', leaseMs: 3_500, serves: 'blue', epoch: 0 },
        ...{ acknowledged: 4, advice: null },
      },
      {
        ...{ name: 'host/m-9', isListed: false, membership: 'beats', leaseMs: 3_500, serves: null, epoch: null },
        ...{ acknowledged: null, advice: 'list it in `gateways`, or stop it' },
      },
    ]);
    const block = gatewaysBlock(found);
    expect(block.kind === 'table' && block.rows).toEqual([
      ['edge-1', 'yes', 'beats', '3.5 s left', 'blue, epoch 0', 'epoch 4', '-'],
      ['host/m-9', 'NO', 'beats', '3.5 s left', '-', '-', 'list it in `gateways`, or stop it'],
    ]);
    expect(gatewayLine(found[1] ?? fail())).toBe(
      'gateway host/m-9: NOT listed, member, beats, lease 3.5 s left; list it in `gateways`, or stop it',
    );
  });

  it.each<[string, ListedGateway, Parameters<typeof knownGateways>[1], string, RegExp | null]>([
    ['joins later where there is no arbiter yet', listed(), 'before', 'before', null],
    ['is not called a stranger where nobody could ask', listed(), 'unknown', 'unknown', null],
    ['asks nobody', listed({ member: null }), [], 'none', /doubt\.kind: postgres/],
    ['is a member elsewhere', listed(), [], 'elsewhere', /another arbiter/],
    ['never came to an arbiter', listed({ member: { id: 'm-1', isAlive: false } }), [], 'elsewhere', /does not reach/],
    ['fell silent', listed(), [member({ isAlive: false, silentMs: 9_000 })], 'silent', /does not reach/],
    [
      'does not answer',
      { name: 'edge-1', problem: 'TARGET_UNREACHABLE: x' },
      [],
      'unknown',
      /start it, or take it off/,
    ],
  ])('tell of a listed one that %s', (_case, gateway, members, membership, advice) => {
    const [found] = knownGateways([gateway], members);
    expect(found?.membership).toBe(membership);
    if (advice === null) expect(found?.advice).toBeNull();
    else expect(found?.advice).toMatch(advice);
  });

  it('say of one that is not listed that it may be a listed one that does not answer', () => {
    const found = knownGateways([{ name: 'edge-1', problem: 'x' }], [member({ isAlive: false, silentMs: 60_000 })]);
    expect(found[1]?.advice).toBe(
      'it may be the listed one that does not answer; else bring it back, or, when it is gone for good, `hydra-cutover enrol --forget NAME`',
    );
  });

  it('behind the commit wait for nobody who is silent, and name who still serves blue', () => {
    const silent = { isAlive: false, silentMs: 60_000 };
    const advice = (isTaken: boolean) =>
      knownGateways([listed(), listed({ name: 'edge-2', serves: 'green', epoch: 3 })], [{ ...STRANGER, ...silent }], {
        epoch: 3,
        isTaken,
      }).map((found) => found.advice);
    expect(advice(true)).toEqual(['it still serves the old side: `hydra-cutover enrol --name edge-1`', null, null]);
    // `enrol` is refused before green takes writes, and nobody needs it then.
    const later = 'it is informed of the commit when the switchover is finished, not before';
    expect(advice(false)).toEqual([later, null, null]);
  });
});

function fail(): never {
  throw new Error('nothing was found');
}
