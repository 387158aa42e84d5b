import { type ArbiterDescription, type AttemptDescription } from '../../../../hydra/arbiter';
import { FORWARD } from '../../../../domain/sides';
import { type DatabasesLook, judgeTraces, type SideTraces } from '../../../../hydra/traces';
import { CUTOVER_TAG, COPY_MARK, COPY_RESTORED } from '../../../../domain/ports/database-provider';

const AT = '2026-03-01T12:00:00.000+00:00';
const LATER = '2026-03-01T12:00:05.000+00:00';
const EARLIER = '2026-03-01T11:59:55.000+00:00';
const NOTHING: SideTraces = {
  ...{ readAt: AT, schemas: [], triggers: 0, roles: [], arbiter: null, origin: null, refused: null, changeLog: null },
  ...{ finalized: false, members: null },
};

function arbiter(changes: Partial<ArbiterDescription> = {}): ArbiterDescription {
  return {
    ...{ cutoverId: 'c-1', side: 'blue', nonce: 'n', state: 'open', epoch: 0, leaseUntil: null, syncRole: null },
    ...{ installedAt: EARLIER, schemaVersion: 1, guarded: 12, attempts: [] },
    ...changes,
  };
}

function attempt(changes: Partial<AttemptDescription> = {}): AttemptDescription {
  return {
    ...{ attempt: 1, epoch: 3, state: 'holding', holdStartedAt: AT, leaseUntil: LATER, leaseOver: false },
    ...{ decidedAt: null, decidedBy: null },
    ...changes,
  };
}

function side(found: Partial<ArbiterDescription>, changes: Partial<SideTraces> = {}): SideTraces {
  const schemas = [{ name: 'hydra_cutover', owner: 'master' }];
  const origin = {
    startedBy: 'alice',
    environment: 'prod',
    workflowId: 'cutover/prod',
    temporal: 'Temporal at t:7233',
  };
  return {
    ...{ ...NOTHING, schemas, triggers: 12, arbiter: arbiter(found), refused: 0 },
    origin: { ...origin, step: 'migrateGreen', stepAt: AT },
    ...changes,
  };
}

function look(changes: Partial<DatabasesLook>): DatabasesLook {
  return {
    direction: FORWARD,
    source: NOTHING,
    target: NOTHING,
    instance: null,
    snapshot: null,
    gateways: [],
    targetsAway: [],
    ...changes,
  };
}

const green = (changes: Partial<ArbiterDescription>) => side({ side: 'green', state: 'closed', ...changes });
const committed = { state: 'committed', epoch: 3, attempts: [attempt({ state: 'committed' })] } as const;

const OVER = { finalized: true } as const;
const instance = (tags: Readonly<Record<string, string>>) =>
  ({ id: 'green', status: 'available', tags: { [CUTOVER_TAG]: 'c-1', ...tags } }) as const;

describe('who may write, by the databases alone', () => {
  it.each<[string, Partial<DatabasesLook>, RegExp, RegExp]>([
    ['nothing of ours anywhere', {}, /^no cutover holds/, /^blue/],
    ['an open arbiter', { source: side({}) }, /^before the switchover, last step migrateGreen$/, /^blue/],
    [
      'requests held',
      { source: side({ attempts: [attempt()] }) },
      /attempt 1 for epoch 3 is holding, until/,
      /^blue: nothing is refused/,
    ],
    [
      'a live fence',
      { source: side({ state: 'fenced', leaseUntil: LATER, attempts: [attempt({ state: 'fenced' })] }) },
      /is fenced, until/,
      /^nobody until 2026-03-01T12:00:05.* then blue again, by itself$/,
    ],
    [
      'a fence whose lease is over',
      {
        source: side({
          state: 'fenced',
          leaseUntil: EARLIER,
          attempts: [attempt({ state: 'fenced', leaseOver: true })],
        }),
      },
      /is fenced$/,
      /^blue/,
    ],
    ['a commit, green closed', { source: side(committed), target: green({}) }, /^inside the switchover/, /^nobody/],
    [
      'a commit, green open',
      { source: side(committed), target: green({ state: 'open', epoch: 3 }) },
      /^after the switchover/,
      /^green, since epoch 3$/,
    ],
    ['a commit that blue says is finalized', { source: side(committed, OVER) }, /^over: .* finalized$/, /^green$/],
    [
      'a finalized commit, green silent',
      { source: side(committed, OVER), target: { unreachable: 'x' } },
      /^over: .* finalized$/,
      /^green$/,
    ],
    [
      'a finalized commit, green held by a later cutover',
      { source: side(committed, OVER), target: side({ cutoverId: 'c-2' }) },
      /^over: .* as green is blue of cutover c-2$/,
      /^never blue; ask with the config of cutover c-2$/,
    ],
    [
      'a commit, and a green without an arbiter, which blue does not explain',
      { source: side(committed) },
      /^after the commit: .* does not say that it was finalized$/,
      /^never blue; whether green is open/,
    ],
    [
      'no arbiter on blue, green open',
      { target: green({ state: 'open', epoch: 3 }) },
      /^unknown: green of cutover c-1 is open since epoch 3/,
      /^green, since epoch 3$/,
    ],
    ['no arbiter on blue, green closed', { target: green({}) }, /^unknown: green of cutover c-1 is closed/, /^unknown/],
    [
      'sides that are swapped after the end',
      { target: side(committed, OVER) },
      /^unknown: the database reached as green is blue of cutover c-1/,
      /^never the database reached as green/,
    ],
    [
      'no arbiter, and an instance that had one',
      { instance: instance({ [COPY_MARK]: 'closed' }) },
      /instance green of cutover c-1 may serve$/,
      /^unknown/,
    ],
    ['no arbiter, and an instance without a mark', { instance: instance({}) }, /may serve$/, /^unknown/],
    [
      'no arbiter, and an instance that never had one',
      { instance: instance({ [COPY_MARK]: COPY_RESTORED }) },
      /is a copy that cutover c-1 never prepared$/,
      /^blue/,
    ],
    [
      'a commit, green silent',
      { source: side(committed), target: { unreachable: 'x' } },
      /^after the commit/,
      /^never blue; green, if/,
    ],
    [
      'a commit, and another green',
      { source: side(committed), target: green({ cutoverId: 'c-2' }) },
      /^after the commit/,
      /^never blue/,
    ],
    ['blue silent', { source: { unreachable: 'x' }, target: green({}) }, /^unknown/, /^unknown/],
    ['addresses that are crossed', { source: green({}) }, /is green of cutover c-1$/, /^unknown$/],
    ['a schema without an arbiter', { source: side({}, { arbiter: null }) }, /something of ours is left/, /^blue/],
  ])('with %s', (_case, changes, phase, writes) => {
    const judged = judgeTraces(look(changes));
    expect(judged.phase).toMatch(phase);
    expect(judged.writes).toMatch(writes);
    expect(judged.next.length).toBeGreaterThan(0);
  });

  it('names the way back before the commit, and only the way forward behind it', () => {
    expect(judgeTraces(look({ source: side({}) })).next.join()).toMatch(
      /at Temporal at t:7233.*repair --cutover-id c-1.*takes back/,
    );
    const { next } = judgeTraces(look({ source: side(committed), target: green({}) }));
    expect(next.join()).toMatch(/^if its worker is gone, bring it back NOW.*repair --cutover-id c-1.*finishes/);
    expect(next.join()).not.toContain('takes back');
  });

  it('names who is away before the worker, which may be up and wait for just that', () => {
    const gateways = [{ name: 'edge-1', problem: 'TARGET_UNREACHABLE: no answer' }];
    const targetsAway = [{ name: 'policy', problem: 'TARGET_UNREACHABLE: refused' }];
    const judged = (state: 'closed' | 'open', cutover?: string) =>
      judgeTraces(
        look({ source: side(committed), target: green({ state, epoch: 3 }), gateways, targetsAway }),
        cutover,
      );
    const away = [
      expect.stringMatching(/^bring gateway edge-1 back, .*\(TARGET_UNREACHABLE: no answer\)$/),
      expect.stringMatching(/^bring target policy back, .*\(TARGET_UNREACHABLE: refused\)$/),
    ] as string[];
    expect(judged('closed').next.slice(0, 3)).toEqual([...away, expect.stringMatching(/^if its worker is gone/)]);
    expect(judged('closed', 'c-1').next).toEqual([...away, expect.stringMatching(/^NOW: `hydra-cutover repair/)]);
    expect(judged('open').next.slice(0, 2)).toEqual(away);
    expect(judged('closed').traces).toContain('target policy: TARGET_UNREACHABLE: refused');
    // Nobody can be enrolled before green takes writes.
    const serving = [{ name: 'edge-1', member: null, serves: 'blue', epoch: 0 }] as const;
    const advice = (state: 'closed' | 'open') =>
      judgeTraces(
        look({ source: side(committed), target: green({ state, epoch: 3 }), gateways: serving }),
      ).traces.join();
    expect(advice('closed')).not.toContain('enrol');
    expect(advice('open')).toContain('`hydra-cutover enrol --name edge-1`');
  });

  it.each<[string, Partial<DatabasesLook>, boolean]>([
    ['blue says so and green has none', { source: side(committed, OVER), target: NOTHING }, true],
    ['green still holds it', { source: side(committed, OVER), target: green({ state: 'open', epoch: 3 }) }, false],
    ['blue does not say so', { source: side(committed), target: NOTHING }, false],
  ])('tells that a cutover is finalized: %s', (_case, changes, isFinalized) => {
    expect(judgeTraces(look(changes)).isFinalized === true).toBe(isFinalized);
  });

  it.each<[string, Partial<DatabasesLook>, RegExp]>([
    ['before the commit', { source: side({}) }, /^`hydra-cutover repair --cutover-id c-1 --by NAME` takes back/],
    [
      'inside the switchover',
      { source: side(committed), target: green({}) },
      /^NOW: `hydra-cutover repair .* finishes/,
    ],
    [
      'behind the switchover',
      { source: side(committed), target: green({ state: 'open', epoch: 3 }) },
      /^`hydra-cutover repair .* confirms that gateways/,
    ],
  ])('waits for no worker of a run that is known to have ended by force: %s', (_case, changes, advice) => {
    const { next } = judgeTraces(look(changes), 'c-1');
    expect(next).toEqual([expect.stringMatching(advice)]);
    // What is known of another run proves nothing of this one.
    expect(judgeTraces(look(changes), 'c-2')).toEqual(judgeTraces(look(changes)));
  });

  it.each<[string, Partial<DatabasesLook>]>([
    ['blue is committed and green has no arbiter', { source: side(committed) }],
    ['blue is committed and green is silent', { source: side(committed), target: { unreachable: 'x' } }],
    ['blue has none, and green serves', { target: green({ state: 'open', epoch: 3 }) }],
    ['blue has none, and the sides are swapped', { target: side(committed, OVER), instance: instance({}) }],
    ['neither has one, and the instance was prepared', { instance: instance({ [COPY_MARK]: 'closed' }) }],
    ['neither has one, and the instance has no mark', { instance: instance({}) }],
    ['neither has one, and the provider is silent', { instance: { unreachable: 'x' } }],
  ])('never advises to remove an instance where %s', (_case, changes) => {
    const told = judgeTraces(look(changes)).next.join('; ');
    expect(told).not.toMatch(/can be removed|remove (blue's|the|it)\b|removes what/);
  });

  it('shows who is a member at blue, and calls nobody a newcomer where its arbiter could not be asked', () => {
    const gateways = [{ name: 'edge-1', member: { id: 'm-1', isAlive: true }, serves: 'blue', epoch: 0 }] as const;
    const members = [{ member: 'm-2', name: 'host/m-2', isAlive: true, silentMs: -1_000, boundEpoch: 0 }];
    const lines = (changes: Partial<DatabasesLook>) =>
      judgeTraces(look({ gateways, ...changes })).traces.filter((line) => line.startsWith('gateway'));
    expect(lines({ source: side({}, { members }) })).toEqual([
      "gateway edge-1: listed, member: not known to blue's arbiter, serves blue, epoch 0; it is a member at another arbiter: correct `doubt.blue` of its config",
      'gateway host/m-2: NOT listed, member, beats, lease 1.0 s left; list it in `gateways`, or stop it',
    ]);
    expect(lines({})).toEqual([expect.stringContaining('joins once the capture is enabled')]);
    for (const source of [side({}), { unreachable: 'x' }]) {
      expect(lines({ source })).toEqual(['gateway edge-1: listed, member: not known, serves blue, epoch 0']);
    }
  });

  it('lists everything of ours, and whose what RDS has is', () => {
    const own = { [CUTOVER_TAG]: 'c-1' };
    const { traces } = judgeTraces(
      look({
        source: side(
          { attempts: [attempt()] },
          { changeLog: { undone: 7, oldestUndoneMs: 9_000, bytes: 2_000_000 }, roles: ['hydra_cutover_sync_x'] },
        ),
        target: { unreachable: 'no answer in time' },
        instance: { id: 'green', status: 'available', tags: own },
        snapshot: { id: 'hydra-cutover-c-1', status: 'creating', tags: {} },
      }),
    );
    expect(traces).toEqual([
      `blue: arbiter of cutover c-1 as blue since ${EARLIER}: open, epoch 0, 12 tables guarded, 0 writes refused`,
      `blue: attempt 1, epoch 3: holding, lease until ${LATER}`,
      `blue: started by alice as workflow cutover/prod of Temporal at t:7233; last step migrateGreen, begun ${AT}`,
      'blue: change log: 7 changes wait to be carried, the oldest for 9 s; it takes 2.0 MB',
      'blue: schemas hydra_cutover (master)',
      "blue: 12 triggers on Hydra's tables",
      'blue: roles hydra_cutover_sync_x',
      'green: no answer in time',
      'RDS: instance green is available, of this cutover',
      'RDS: snapshot hydra-cutover-c-1 is creating, not made by a cutover',
    ]);
  });
});
