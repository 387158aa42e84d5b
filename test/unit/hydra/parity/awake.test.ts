import { awake } from '../../../../hydra/parity/awake';

const EVERY_MS = 60_000;

describe('a session that waits for another one', () => {
  let sent: string[];
  let answer: (() => void)[];
  const client = {
    query: (text: string) => {
      sent.push(text);
      return new Promise<{ rows: unknown[]; rowCount: number }>((resolve) =>
        answer.push(() => resolve({ rows: [], rowCount: 0 })),
      );
    },
  };
  const answered = async () => {
    answer.splice(0).forEach((each) => each());
    await jest.advanceTimersByTimeAsync(0);
  };

  beforeEach(() => {
    [sent, answer] = [[], []];
    jest.useFakeTimers();
  });
  afterEach(() => jest.useRealTimers());

  it('says something while it has nothing to do, and no more once it is over', async () => {
    const { stop } = awake(client, EVERY_MS);
    await jest.advanceTimersByTimeAsync(EVERY_MS);
    await answered();
    await jest.advanceTimersByTimeAsync(EVERY_MS);
    await answered();
    stop();
    await jest.advanceTimersByTimeAsync(10 * EVERY_MS);
    expect(sent).toEqual(['SELECT 1', 'SELECT 1']);
  });

  it('says nothing while a query runs, and lets a query wait for what it says', async () => {
    const { query, stop } = awake(client, EVERY_MS);
    const long = query('FETCH');
    await jest.advanceTimersByTimeAsync(10 * EVERY_MS);
    expect(sent).toEqual(['FETCH']);
    await answered();
    await long;
    await jest.advanceTimersByTimeAsync(EVERY_MS);
    const next = query('COMMIT');
    await jest.advanceTimersByTimeAsync(0);
    expect(sent).toEqual(['FETCH', 'SELECT 1']);
    await answered();
    await answered();
    await next;
    expect(sent).toEqual(['FETCH', 'SELECT 1', 'COMMIT']);
    stop();
  });

  it('goes on after a query that fails, whose error it passes on', async () => {
    const failing = { query: () => Promise.reject(new Error('refused')) };
    const { query, stop } = awake(failing, EVERY_MS);
    await jest.advanceTimersByTimeAsync(EVERY_MS);
    await expect(query('FETCH')).rejects.toThrow('refused');
    await expect(query('ROLLBACK')).rejects.toThrow('refused');
    stop();
  });
});
