import { followUser } from '../../../../activities/canary-user/follow-user';
import { type StepDeps } from '../../../../activities/step';
import { CutoverFault } from '../../../../domain/faults';
import { CANARY_STEPS, type CanaryStep, type CanaryUser } from '../../../../domain/ports/canary-user';
import { SCHEMA_VERSION } from '../../../../hydra/arbiter/schema-version';
import { type CanaryStepKept } from '../../../../hydra/canary-user';
import { stepContext } from '../step-context';
import { FORWARD } from '../../../../domain/sides';

const INPUT = { cutoverId: 'c1', environment: 'test' };
const RUN = {
  ...{ side: 'green', cutoverId: INPUT.cutoverId, nonce: '', state: 'open', epoch: 7 },
  ...{ there: true, schemaVersion: SCHEMA_VERSION, rows: 0 },
};

/** A user who is kept on blue as the table would keep him, and a Hydra that answers each step as a case says. */
class Play {
  readonly taken: CanaryStep[] = [];
  row = {
    ...{ sealed: 'sealed 0' as string | null, why: null, beforeSnapshot: true, loggedInAt: 'then', codeAgeMs: 1_000 },
    steps: [] as CanaryStepKept[],
  };
  removed = false;

  constructor(readonly answer: (step: CanaryStep, tried: number) => void = () => undefined) {}

  go(who: 'the user' | 'none' = 'the user') {
    const take: CanaryUser['take'] = (step, _name, sealed) => this.#take(step, sealed);
    const query = (sql: string, values: readonly unknown[] = []) => Promise.resolve(this.#query(sql, values));
    const deps = {
      settings: { hydraSchema: 'public' },
      direction: FORWARD,
      ...(who === 'none' ? {} : { canaryUser: { take } }),
      databases: {
        withSession: (_side: string, work: (session: object) => unknown) => work({ backendPid: 1, query }),
      },
    } as unknown as StepDeps;
    return followUser(deps, INPUT, stepContext());
  }

  async #take(step: CanaryStep, sealed: string) {
    this.taken.push(step);
    this.answer(step, this.taken.filter((one) => one === step).length);
    return { sealed: `${sealed} ${step}` };
  }

  #query(sql: string, values: readonly unknown[]) {
    if (sql.includes('pg_namespace')) return { rows: [], rowCount: 0 };
    if (sql.startsWith('UPDATE hydra_cutover.canary_user')) {
      this.row.steps = JSON.parse(values[0] as string) as CanaryStepKept[];
      this.row.sealed = (values[1] as string | null) ?? this.row.sealed;
      return { rows: [], rowCount: 1 };
    }
    if (sql.startsWith('DELETE FROM') && sql.includes('hydra_client')) this.removed = true;
    const rows = sql.includes('FROM hydra_cutover.canary_user') ? [this.row] : [RUN];
    return { rows, rowCount: rows.length };
  }
}

const refuse = () => {
  throw new CutoverFault('HYDRA_UNEXPECTED', 'invalid_grant');
};
const loseAnswer = () => {
  throw new CutoverFault('HYDRA_UNREACHABLE', 'reset');
};
/** The worker is killed. */
const die = () => {
  throw new Error('killed');
};

describe('a canary user who goes on at green', () => {
  beforeEach(() => jest.useFakeTimers({ advanceTimers: true, now: 0 }));
  afterEach(() => jest.useRealTimers());

  it('has stayed logged in once every step held, and leaves nothing', async () => {
    const play = new Play();
    expect(await play.go()).toMatchObject({ state: 'held', beforeSnapshot: true, why: null });
    expect(play.taken).toEqual([...CANARY_STEPS]);
    expect(play.row.sealed).toBe(`sealed 0 ${CANARY_STEPS.join(' ')}`);
    expect(play.removed).toBe(true);
  });

  it.each(['session', 'refresh', 'code'] as const)(
    'has not when %s is refused; what would end his grants waits, and is done once it is mended',
    async (broken) => {
      let isMended = false;
      const play = new Play((step) => (step === broken && !isMended ? refuse() : undefined));
      expect(await play.go()).toMatchObject({ state: 'broken', why: `${broken}: invalid_grant` });
      expect(play.taken).toEqual(['session', 'refresh', 'code']);
      expect(play.removed).toBe(false);
      isMended = true;
      expect(await play.go()).toMatchObject({ state: 'held' });
      expect(play.taken.slice(3)).toEqual([broken, 'logout', 'revocation']);
    },
  );

  it.each(['refresh', 'code', 'logout'] as const)(
    'proves nothing when the worker died in %s and it is refused afterwards: it may have been done',
    async (at) => {
      let isDead = true;
      const play = new Play((step) => (step === at ? (isDead ? die() : refuse()) : undefined));
      await expect(play.go()).rejects.toThrow('killed');
      isDead = false;
      expect(await play.go()).toMatchObject({ state: 'inconclusive', why: expect.stringContaining(at) as string });
    },
  );

  it('has not when the session is refused after a worker died in it: that can be asked as often as one likes', async () => {
    let isDead = true;
    const play = new Play((step) => (step === 'session' ? (isDead ? die() : refuse()) : undefined));
    await expect(play.go()).rejects.toThrow('killed');
    isDead = false;
    expect(await play.go()).toMatchObject({ state: 'broken' });
  });

  it('goes on where a worker died, and takes no step twice that was kept', async () => {
    let isDead = true;
    const play = new Play((step) => (step === 'code' && isDead ? die() : undefined));
    await expect(play.go()).rejects.toThrow('killed');
    isDead = false;
    expect(await play.go()).toMatchObject({ state: 'held' });
    expect(play.taken).toEqual(['session', 'refresh', 'code', 'code', 'logout', 'revocation']);
  });

  it('is tried again when an answer was lost, and proves nothing when the second try is refused', async () => {
    const held = new Play((step, tried) => (step === 'refresh' && tried === 1 ? loseAnswer() : undefined));
    const receipt = held.go();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(await receipt).toMatchObject({ state: 'held' });
    const lost = new Play((step, tried) => (step === 'refresh' ? (tried === 1 ? loseAnswer() : refuse()) : undefined));
    const second = lost.go();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(await second).toMatchObject({ state: 'inconclusive' });
  });

  it('proves nothing by a code that is older than a Hydra keeps one', async () => {
    const play = new Play((step) => (step === 'code' ? refuse() : undefined));
    play.row.codeAgeMs = 11 * 60_000;
    expect(await play.go()).toMatchObject({
      state: 'inconclusive',
      why: expect.stringContaining('older than') as string,
    });
  });

  it('proves nothing without a key, with another one, or when he never got in', async () => {
    const play = new Play();
    expect(await play.go('none')).toMatchObject({
      state: 'inconclusive',
      why: expect.stringContaining('no `canary`') as string,
    });
    play.row.sealed = null;
    expect(await play.go()).toMatchObject({ state: 'inconclusive', why: 'he never logged in on blue' });
    const sealed = new Play(() => {
      throw new CutoverFault('SECRET_UNUSABLE', 'sealed with another key');
    });
    expect(await sealed.go()).toMatchObject({ state: 'inconclusive', why: 'sealed with another key' });
    expect(sealed.removed).toBe(false);
  });
});
