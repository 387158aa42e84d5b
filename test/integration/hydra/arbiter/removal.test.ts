import { type Client } from 'pg';
import {
  beginAttempt,
  claimEpoch,
  commitAttempt,
  describeArbiter,
  guardProblems,
  guardTables,
  installArbiter,
  removeArbiter,
  takeRightToBegin,
} from '../../../../hydra/arbiter';
import { fenced } from '../../../support/attempts';
import { captureProblems, installCapture, removeCapture } from '../../../../hydra/capture';
import { type SqlClient } from '../../../../domain/ports/sql-client';
import { useDatabase } from '../../../support/database';
import { PATH } from '../../../support/path';

const LOCK_TIMEOUT_MS = 60_000;
const LEASE = { holdDeadlineMs: 600_000, marginMs: 0 };

const database = useDatabase('hydra_1_11_10');
let frozen: Client;
let ours: Client;
let writer: Client;

beforeAll(async () => {
  [frozen, ours, writer] = [await database.connect(), await database.connect(), await database.connect()];
});
beforeEach(async () => {
  await removeArbiter(ours, { copy: true });
  await prepare('first');
});

async function prepare(cutoverId: string): Promise<void> {
  await installArbiter(ours, { side: 'blue', cutoverId, initialState: 'open' });
  await guardTables(ours);
  await installCapture(PATH, ours);
}

async function removeAll(client: SqlClient): Promise<void> {
  await removeCapture(client, { cutoverId: 'first' });
  await removeArbiter(client, { cutoverId: 'first' });
}

/** Stops before the statement that `isAt` names, once, until it is woken up. */
function freeze(isAt: (text: string) => boolean) {
  let wakeUp = (): void => undefined;
  let fallAsleep = (): void => undefined;
  const awake = new Promise<void>((resolve) => (wakeUp = resolve));
  const asleep = new Promise<void>((resolve) => (fallAsleep = resolve));
  let isFirst = true;
  const query = async (text: string, values?: unknown[]) => {
    if (isFirst && isAt(text)) {
      isFirst = false;
      fallAsleep();
      await awake;
    }
    return frozen.query(text, values);
  };
  return { client: { query } as SqlClient, asleep, wakeUp: () => wakeUp() };
}

const STOPS: readonly (readonly [string, (text: string) => boolean])[] = [
  ['its first trigger of the capture', (text) => text.includes('DROP TRIGGER IF EXISTS hydra_cutover_log')],
  ['the change log', (text) => text.includes('DROP TABLE hydra_cutover.canary')],
  ['its first guard', (text) => text.includes('DROP TRIGGER IF EXISTS hydra_cutover_guard')],
  ['the schema', (text) => text.includes('PERFORM 1 FROM hydra_cutover.run') && !text.includes('DROP')],
];

it.each(STOPS)(
  'that stood still before %s takes nothing of the next cutover, even after its commit',
  async (_, isAt) => {
    const { client, asleep, wakeUp } = freeze(isAt);
    const removal = removeAll(client).then(
      () => 'removed',
      (error: unknown) => error,
    );
    await asleep;
    // Another worker repeats the step, and a second cutover begins.
    await frozen.query('ROLLBACK');
    await removeAll(ours);
    await prepare('second');
    expect(await commitAttempt(ours, await fenced(ours, 1), LOCK_TIMEOUT_MS)).toMatchObject({ ok: true });
    wakeUp();
    expect(await removal).toMatchObject({ code: 'CHECK_FAILED' });
    expect(await describeArbiter(ours)).toMatchObject({ cutoverId: 'second', state: 'committed' });
    expect([...(await guardProblems(ours)), ...(await captureProblems(ours))]).toEqual([]);
    await expect(writer.query('DELETE FROM hydra_jwk')).rejects.toMatchObject({ code: 'HC001' });
  },
);

it('that stood still until another one had ended has nothing left to do', async () => {
  const { client, asleep, wakeUp } = freeze((text) => text.includes('DROP TRIGGER IF EXISTS hydra_cutover_guard'));
  const removal = removeAll(client);
  await asleep;
  await removeAll(ours);
  wakeUp();
  await removal;
  expect(await describeArbiter(ours)).toBeUndefined();
});

it('leaves another cutover’s arbiter alone, in whatever state', async () => {
  const others = { cutoverId: 'another' };
  await expect(takeRightToBegin(ours, 'another')).rejects.toMatchObject({ code: 'CHECK_FAILED' });
  await expect(removeCapture(ours, others)).rejects.toMatchObject({ code: 'CHECK_FAILED' });
  await ours.query(`UPDATE hydra_cutover.run SET state = 'committed'`);
  await expect(removeCapture(ours, others)).rejects.toMatchObject({ code: 'CHECK_FAILED' });
  await expect(removeArbiter(ours, others)).rejects.toMatchObject({ code: 'CHECK_FAILED' });
  expect([...(await guardProblems(ours)), ...(await captureProblems(ours))]).toEqual([]);
});

it('and beginning an attempt end with an error while a claim stands still in its transaction, and hang for nobody', async () => {
  await writer.query('BEGIN');
  await claimEpoch(writer, { epoch: 1, appliedEpoch: 0, by: 'gateway' });
  await expect(takeRightToBegin(ours, 'first')).rejects.toMatchObject({ code: 'LOCK_BUSY' });
  await expect(beginAttempt(ours, { epoch: 2, ...LEASE })).rejects.toMatchObject({ code: '55P03' });
  await writer.query('ROLLBACK');
  await takeRightToBegin(ours, 'first');
});
