import { isCutoverFault } from '../../../domain/faults';
import { type Target } from '../../../domain/ports/targets';
import { type SideName } from '../../../domain/sides';

/** A system with a target port, as orchestrators reach it. At first it serves blue. */
export interface SystemUnderTest {
  /** One more orchestrator's way to it. */
  connect(): ClosableTarget;
  /** What the system itself uses, seen without the adapter. */
  serves(): Promise<SideName | null>;
  /** Ends it without warning, with every connection, and starts it again on what is stored. */
  restart(): Promise<void>;
  /** From here on it can stage nothing, until `mend`. */
  breakStaging(): Promise<void>;
  mend(): Promise<void>;
  /** Somebody brings it back to blue's config behind the orchestrator's back. */
  fallBack(): Promise<void>;
  close(): Promise<void>;
}

export interface ClosableTarget extends Target {
  close?(): Promise<void>;
}

/** A system that keeps green's state in a spelling of its own, as far as its adapter can see that before it is used. */
export interface CarelessSystem extends SystemUnderTest {
  /** From here on it keeps what it is sent. */
  heal(): Promise<void>;
  /** The field that it changes, and the value of it that it was sent. */
  readonly changes: { readonly field: string; readonly value: string };
}

/** What the port promises where a system does not keep what it is sent. */
export function carelessTargetContract(name: string, start: () => Promise<CarelessSystem>): void {
  it(`target port: ${name}: a stage that is not kept as it was sent is refused, with the field and no value`, async () => {
    const system = await start();
    const target = system.connect();
    try {
      const outcome: unknown = await target.stage(1, 'green').catch((error: unknown) => error);
      expect(outcome).toMatchObject({ code: 'TARGET_REFUSED', details: { fields: [system.changes.field] } });
      expect(String(outcome)).toContain(system.changes.field);
      expect(JSON.stringify([outcome, String(outcome)])).not.toContain(system.changes.value);
      expect(await system.serves()).toBe('blue');
      await target.revert(1);
      await system.heal();
      expect(await target.stage(2, 'green')).toMatchObject({ stagedEpoch: 2 });
      expect(await target.apply(2)).toMatchObject({ appliedEpoch: 2, appliedSide: 'green' });
      expect(await system.serves()).toBe('green');
    } finally {
      await target.close?.();
      await system.close();
    }
  });
}

/** What the port `Target` promises, whatever is behind it: run it for each adapter and each fake. */
export function targetPortContract(name: string, start: () => Promise<SystemUnderTest>): void {
  describe(`target port: ${name}`, () => {
    let system: SystemUnderTest;
    let target: ClosableTarget;
    let connections: ClosableTarget[] = [];

    const connect = () => {
      const connection = system.connect();
      connections.push(connection);
      return connection;
    };
    beforeEach(async () => {
      system = await start();
      target = connect();
    });
    afterEach(async () => {
      for (const connection of connections) await connection.close?.();
      connections = [];
      await system.close();
    });

    const flip = async (epoch: number, side: SideName) => {
      await target.stage(epoch, side);
      return target.apply(epoch);
    };
    const refusal = async (call: Promise<unknown>) => {
      const outcome: unknown = await call.catch((error: unknown) => error);
      return isCutoverFault(outcome) ? outcome.code : `no fault: ${JSON.stringify(outcome)}`;
    };

    it('begins at epoch 0 on blue', async () => {
      expect(await target.read()).toEqual({
        appliedEpoch: 0,
        appliedSide: 'blue',
        stagedEpoch: null,
        highestEpoch: 0,
      });
      expect(await system.serves()).toBe('blue');
    });

    it('stages without using, then uses what it staged', async () => {
      const staged = { appliedEpoch: 0, appliedSide: 'blue', stagedEpoch: 3, highestEpoch: 3 };
      expect(await target.stage(3, 'green')).toEqual(staged);
      expect(await target.read()).toEqual(staged);
      expect(await system.serves()).toBe('blue');
      const applied = { appliedEpoch: 3, appliedSide: 'green', stagedEpoch: null, highestEpoch: 3 };
      expect(await target.apply(3)).toEqual(applied);
      expect(await connect().read()).toEqual(applied);
      expect(await system.serves()).toBe('green');
    });

    it('takes repeats of every call without harm', async () => {
      const staged = await target.stage(1, 'green');
      expect(await target.stage(1, 'green')).toEqual(staged);
      const applied = await target.apply(1);
      expect(await target.apply(1)).toEqual(applied);
      const reverted = await target.revert(1);
      expect(await target.revert(1)).toEqual(reverted);
      expect(await system.serves()).toBe('blue');
    });

    it('forgets what was staged when it is reverted, and never takes that epoch again', async () => {
      await target.stage(2, 'green');
      expect(await target.revert(2)).toMatchObject({ appliedSide: 'blue', stagedEpoch: null, highestEpoch: 2 });
      expect(await refusal(target.apply(2))).toBe('TARGET_REFUSED');
      expect(await refusal(target.stage(2, 'green'))).toBe('TARGET_REFUSED');
      expect(await system.serves()).toBe('blue');
      expect(await flip(3, 'green')).toMatchObject({ appliedEpoch: 3, appliedSide: 'green' });
    });

    it('marks a reverted epoch that never arrived, so that its late stage is refused', async () => {
      expect(await target.revert(4)).toMatchObject({ appliedEpoch: 0, highestEpoch: 4 });
      expect(await refusal(target.stage(4, 'green'))).toBe('TARGET_REFUSED');
    });

    it('goes back to what was used before when an applied epoch is reverted', async () => {
      await flip(1, 'green');
      await flip(2, 'blue');
      expect(await target.revert(2)).toMatchObject({ appliedEpoch: 1, appliedSide: 'green', highestEpoch: 2 });
      expect(await system.serves()).toBe('green');
      expect(await refusal(target.apply(2))).toBe('TARGET_REFUSED');
    });

    it('refuses an older epoch, one that was never staged, and another state for the same epoch', async () => {
      await target.stage(5, 'green');
      const before = await target.read();
      expect(await refusal(target.stage(4, 'green'))).toBe('TARGET_REFUSED');
      expect(await refusal(target.apply(4))).toBe('TARGET_REFUSED');
      expect(await refusal(target.revert(4))).toBe('TARGET_REFUSED');
      expect(await refusal(target.apply(6))).toBe('TARGET_REFUSED');
      expect(await refusal(target.stage(5, 'blue'))).toBe('TARGET_REFUSED');
      expect(await target.read()).toEqual(before);
      expect(await system.serves()).toBe('blue');
    });

    it('lets a newer epoch take the place of a staged one, which is then refused', async () => {
      await target.stage(1, 'green');
      expect(await connect().stage(2, 'green')).toMatchObject({ stagedEpoch: 2, highestEpoch: 2 });
      expect(await refusal(target.apply(1))).toBe('TARGET_REFUSED');
      expect(await system.serves()).toBe('blue');
    });

    it('comes back after a sudden end between stage and apply, for whoever goes on', async () => {
      const staged = await target.stage(1, 'green');
      await system.restart();
      const another = connect();
      expect(await another.read()).toEqual(staged);
      expect(await another.apply(1)).toMatchObject({ appliedEpoch: 1, appliedSide: 'green' });
      expect(await system.serves()).toBe('green');
    });

    it('serves after a sudden end what was applied, and can still go back', async () => {
      const applied = await flip(1, 'green');
      await system.restart();
      const another = connect();
      expect(await another.read()).toEqual(applied);
      expect(await system.serves()).toBe('green');
      expect(await another.revert(1)).toMatchObject({ appliedSide: 'blue', highestEpoch: 1 });
      await system.restart();
      expect(await system.serves()).toBe('blue');
    });

    it('told that an epoch was committed, serves it whatever it was made to believe, and takes no revert of it any more', async () => {
      await target.stage(2, 'green');
      await target.revert(2);
      await target.revert(3);
      const committed = { appliedEpoch: 3, appliedSide: 'green', stagedEpoch: null, highestEpoch: 3 };
      expect(await connect().tellCommitted(3, 'green')).toEqual(committed);
      expect(await system.serves()).toBe('green');
      expect(await target.tellCommitted(3, 'green')).toEqual(committed);
      expect(await target.apply(3)).toEqual(committed);
      expect(await refusal(target.revert(3))).toBe('TARGET_REFUSED');
      expect(await refusal(target.tellCommitted(2, 'green'))).toBe('TARGET_REFUSED');
      await system.restart();
      expect(await connect().read()).toEqual(committed);
      expect(await refusal(connect().revert(3))).toBe('TARGET_REFUSED');
      expect(await system.serves()).toBe('green');
    });

    it('told of a commit after it lost what it was, serves it; a newer epoch that was staged stays', async () => {
      await flip(1, 'green');
      await system.fallBack();
      expect(await connect().tellCommitted(1, 'green')).toMatchObject({ appliedEpoch: 1, appliedSide: 'green' });
      expect(await system.serves()).toBe('green');
      await connect().stage(4, 'blue');
      expect(await connect().tellCommitted(2, 'green')).toMatchObject({ appliedEpoch: 2, stagedEpoch: 4 });
      expect(await connect().revert(4)).toMatchObject({ appliedEpoch: 2, appliedSide: 'green', highestEpoch: 4 });
    });

    it.each([2 ** 53 - 1, 2 ** 63 - 1])('refuses %d, which can be no epoch, in every call', async (epoch) => {
      const before = await target.read();
      const calls = [
        () => target.stage(epoch, 'green'),
        () => target.apply(epoch),
        () => target.revert(epoch),
        () => target.tellCommitted(epoch, 'green'),
      ];
      for (const call of calls) expect(await refusal(call())).toBe('EPOCH_IMPOSSIBLE');
      expect(await target.read()).toEqual(before);
    });

    it('takes one of two states that two orchestrators stage for the same epoch at once', async () => {
      const [first, second] = [connect(), connect()];
      const outcomes = await Promise.allSettled([first.stage(1, 'green'), second.stage(1, 'blue')]);
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const winner = outcomes[0].status === 'fulfilled' ? 'green' : 'blue';
      expect(await target.apply(1)).toMatchObject({ appliedSide: winner });
      expect(await system.serves()).toBe(winner);
    });

    it('ends with the newest of several epochs that are staged at once', async () => {
      const epochs = [2, 1, 4, 3];
      await Promise.allSettled(epochs.map((epoch) => connect().stage(epoch, 'green')));
      expect(await target.read()).toMatchObject({ stagedEpoch: 4, highestEpoch: 4 });
      expect(await target.apply(4)).toMatchObject({ appliedEpoch: 4, appliedSide: 'green' });
    });

    it('lets two orchestrators apply the same epoch at once, and decides between apply and revert', async () => {
      await target.stage(1, 'green');
      const [first, second] = [connect(), connect()];
      const both = await Promise.all([first.apply(1), second.apply(1)]);
      expect(both.map(({ appliedSide }) => appliedSide)).toEqual(['green', 'green']);
      await target.stage(2, 'blue');
      await Promise.allSettled([first.apply(2), second.revert(2)]);
      // Whoever was first: the revert counts, and what is served is what is read.
      expect(await target.read()).toMatchObject({ appliedEpoch: 1, appliedSide: 'green', highestEpoch: 2 });
      expect(await system.serves()).toBe('green');
    });

    it('fails at stage when it cannot be staged, changes nothing, and takes the epoch once it is mended', async () => {
      const before = await target.read();
      await system.breakStaging();
      const code = await refusal(connect().stage(1, 'green'));
      expect(code).toMatch(/^(TARGET_UNREACHABLE|TARGET_REFUSED|TARGET_STATE_INVALID|STATE_UNWRITABLE)$/);
      await system.mend();
      expect(await connect().read()).toEqual(before);
      expect(await connect().stage(1, 'green')).toMatchObject({ stagedEpoch: 1 });
    });

    it('tells that it fell back to its old config, though it had confirmed the epoch', async () => {
      await flip(3, 'green');
      await system.fallBack();
      const view = await connect().read();
      expect(view.appliedSide).toBe('blue');
      expect(view.appliedEpoch).toBeLessThan(3);
    });
  });
}
