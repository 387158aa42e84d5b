import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { queryRows } from '../../../domain/ports/sql-client';
import { cleanEnvironment, typescriptCommand } from '../../../world/supervisor';
import { useDatabase } from '../../support/database';
import { FaultWorld, SWITCHOVER } from './fault-world';
import { type Order } from './freezing-worker';

const databases = { blue: useDatabase('hydra_1_11_10'), green: useDatabase('hydra_2_3_0') };
const world = new FaultWorld({ blue: () => databases.blue.config, green: () => databases.green.config });
let worker: ChildProcess;
let lines: Interface;

beforeAll(async () => {
  const { command, args, env } = typescriptCommand('test/integration/faults/freezing-worker.ts');
  worker = spawn(command, [...args], { env: cleanEnvironment(env), stdio: ['pipe', 'pipe', 'inherit'] });
  if (worker.stdout === null) throw new Error('no output');
  lines = createInterface({ input: worker.stdout });
  const ready = said('ready');
  await world.start();
  await ready;
});
afterAll(async () => {
  const gone = once(worker, 'exit');
  worker.kill('SIGKILL');
  await gone;
  await world.close();
});

/** @returns the line of the worker that begins with `word`; to be asked before it can be said */
function said(word: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(new Error('the worker ended'));
    const listen = (line: string): void => {
      if (!line.startsWith(word)) return;
      lines.off('line', listen);
      worker.off('exit', fail);
      resolve(line);
    };
    lines.on('line', listen);
    worker.once('exit', fail);
  });
}

async function freezeWorker(freeze: Order['freeze']): Promise<void> {
  const order: Order = { reach: world.reach, settings: SWITCHOVER, freeze };
  const frozen = said('frozen');
  worker.stdin?.write(`${JSON.stringify(order)}\n`);
  await frozen;
}

async function wakeUp(): Promise<string> {
  const ended = said('ended');
  worker.kill('SIGCONT');
  return ended;
}

/** All that decides who may write, and whom everybody serves. */
async function truth(): Promise<unknown> {
  const run = 'SELECT state, epoch, attempt, lease_until FROM hydra_cutover.run';
  const attempts = 'SELECT attempt, epoch, state, decided_by FROM hydra_cutover.attempt ORDER BY attempt';
  const { applied } = world.targetRecord;
  return {
    blue: [await queryRows(world.blue, run), await queryRows(world.blue, attempts)],
    green: await queryRows(world.green, run),
    gateway: await world.forwardsTo(),
    target: applied,
  };
}

type Case = readonly [when: string, freeze: Order['freeze']];

/** Each takes seconds; `npm run test:long` has them all. */
const isLong = process.env['LONG_TESTS'] === '1';
const BEFORE_THE_COMMIT: readonly Case[] = [
  ['once everybody was staged', { after: 'stage' }],
  ['after the last round', { after: 'lastRound' }],
  ['once the gateways know all challenges', { after: 'pushChallenges' }],
  ['inside the fence', { after: 'fence' }],
];
const AFTER_THE_COMMIT: readonly Case[] = [
  ['after its look around the fence, with green opened and not committed', { after: 'lookAround' }],
  ['once everybody uses green', { after: 'applyTargets' }],
  ['just before it commits the opening', { before: 'COMMIT; SELECT state' }],
  ['once everybody is released', { after: 'release' }],
];

describe('a worker that stands still while another one goes on, and wakes up when all is over', () => {
  it.each<Case>([
    ...(isLong ? BEFORE_THE_COMMIT : []),
    ['after its attempt began', { after: 'begin' }],
    ['while the gateways hold', { after: 'hold' }],
    ['just before it asks for the commit', { before: 'commit_attempt' }],
  ])('%s: its attempt is over, and it changes nothing any more', (_when, freeze) =>
    world.scene(async () => {
      const watcher = world.watch();
      await watcher.writes('blue');
      await freezeWorker(freeze);
      expect(await world.run()).toMatchObject({ outcome: 'aborted' });
      expect(await world.forwardsTo()).toBe('blue');
      await watcher.writes('blue');
      expect(await world.run()).toMatchObject({ outcome: 'committed', epoch: 2 });
      await watcher.writes('green');
      const before = await truth();
      expect(await wakeUp()).toBe('ended aborted');
      expect(await truth()).toEqual(before);
      await watcher.writes('green');
      expect(await watcher.stop()).toEqual([]);
    }),
  );

  it.each<Case>([
    ...(isLong ? AFTER_THE_COMMIT : []),
    ['after the commit', { after: 'commit' }],
    ['while it keeps the writers of green waiting', { after: 'holdWriters' }],
    ['once green is open', { after: 'openEntered' }],
  ])('%s: the other one brings everybody to green, and it agrees', (_when, freeze) =>
    world.scene(async () => {
      const watcher = world.watch();
      await watcher.writes('blue');
      await freezeWorker(freeze);
      expect(await world.runToTheEnd()).toMatchObject({ outcome: 'committed', epoch: 1 });
      await watcher.writes('green');
      const before = await truth();
      expect(await wakeUp()).toBe('ended committed');
      expect(await truth()).toEqual(before);
      await watcher.writes('green');
      expect(await watcher.stop()).toEqual([]);
    }),
  );
});
