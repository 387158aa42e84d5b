import { type InPlaceDeps } from '../../../../activities/in-place/deps';
import { stopBeside, stopOld } from '../../../../activities/in-place/hydras';
import { shiftTraffic } from '../../../../activities/in-place/shift-traffic';
import { type Gateway } from '../../../../domain/ports/targets';

const RUN = { cutoverId: 'run-1', environment: 'test' };
const context = {
  signal: new AbortController().signal,
  attempt: 1,
  order: 7,
  heartbeat: () => undefined,
  lastProgress: undefined,
};

/** A database that keeps a run, with nothing of others beside it, and knows of no later order. */
const KEPT = {
  query: async (sql: string) => ({ rows: sql.includes('WITH RECURSIVE') ? [] : [{ known: true }] }),
};

/** Gateways that say a share, a Hydra that is ready or not, and the commands that were run. */
function scene(says: readonly (number | undefined)[], isOldReady = true) {
  const done: string[] = [];
  const gateways = says.map((share, at) => ({
    name: `gateway-${at + 1}`,
    setBesideShare: async (to: number, order: number) => void done.push(`share ${to} by order ${order}`),
    besideShare: async () => share,
  })) as unknown as readonly Gateway[];
  const deps = {
    settings: { readyDeadlineMs: 1 },
    gateways,
    hydra: { old: { isReady: async () => isOldReady }, new: { isReady: async () => false } },
    databases: { withSession: (_name: string, work: (client: unknown) => unknown) => work(KEPT) },
    commands: {
      run: async (name: string, { env }: { env: Record<string, string> }) => {
        done.push(`${name} by order ${env['CUTOVER_ORDER']}`);
        return { exitCode: 0 };
      },
    },
  } as unknown as InPlaceDeps;
  return { deps, done };
}

describe('shifting the traffic', () => {
  it('reads back what every gateway serves', async () => {
    const { deps, done } = scene([10, 10]);
    await expect(shiftTraffic(deps, { ...RUN, share: 10 }, context)).resolves.toEqual({ gateways: 2 });
    expect(done).toEqual(['share 10 by order 7', 'share 10 by order 7']);
  });

  it.each([
    ['another share', 50, 'says 50'],
    ['one Hydra of blue', undefined, 'says nothing'],
  ])('is refused by a gateway that knows %s', async (_what, says, message) => {
    const { deps } = scene([says]);
    await expect(shiftTraffic(deps, { ...RUN, share: 10 }, context)).rejects.toMatchObject({
      code: 'TARGET_REFUSED',
      message: expect.stringContaining(message) as string,
    });
  });

  it.each([0, 10])('gives no requests to an old version that is not ready: %i %%', async (share) => {
    const { deps, done } = scene([share], false);
    await expect(shiftTraffic(deps, { ...RUN, share }, context)).rejects.toMatchObject({ code: 'PROCESS_NOT_READY' });
    expect(done).toEqual([]);
  });

  it('asks nothing of an old version that gets no requests', async () => {
    const { deps } = scene([100], false);
    await expect(shiftTraffic(deps, { ...RUN, share: 100 }, context)).resolves.toEqual({ gateways: 1 });
  });
});

describe('a version is not stopped while a gateway gives it requests', () => {
  it.each([
    ['the new one', stopBeside, [0, 10]],
    ['the new one', stopBeside, [undefined]],
    ['the old one', stopOld, [100, 99]],
    ['the old one', stopOld, [undefined]],
  ] as const)('%s', async (_which, stop, says) => {
    const { deps, done } = scene(says);
    await expect(stop(deps, RUN, context)).rejects.toMatchObject({ code: 'CHECK_FAILED' });
    expect(done).toEqual([]);
  });

  it('and is stopped when none does', async () => {
    const { deps, done } = scene([0, 0]);
    await stopBeside(deps, RUN, context);
    expect(done).toEqual(['stopBeside by order 7']);
  });
});
