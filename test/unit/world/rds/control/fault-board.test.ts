import { FaultBoard } from '../../../../../world/rds/control/fault-board';

const HELD = { delaysMs: { deleting: 600_000 } } as const;

describe('the fault plan in force', () => {
  it('keeps nobody in a status of which it says nothing', async () => {
    const board = new FaultBoard();
    board.replace(HELD);
    await board.dwell('creating', new AbortController().signal);
  });

  it('keeps an instance in a status until another plan asks for less, and no longer', async () => {
    const board = new FaultBoard();
    board.replace(HELD);
    let isOver = false;
    const dwelling = board.dwell('deleting', new AbortController().signal).then(() => (isOver = true));
    board.replace({ ...HELD, throttle: { count: 1 } });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isOver).toBe(false);
    board.replace({});
    await dwelling;
  });

  it('keeps nobody in an endpoint that stops', async () => {
    const board = new FaultBoard();
    board.replace(HELD);
    const stopping = new AbortController();
    const dwelling = expect(board.dwell('deleting', stopping.signal)).rejects.toMatchObject({ name: 'AbortError' });
    stopping.abort();
    await dwelling;
  });
});
