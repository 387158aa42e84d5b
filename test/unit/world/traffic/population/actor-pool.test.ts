import { setImmediate as turn } from 'node:timers/promises';
import { Actor } from '../../../../../world/traffic/population/actor';
import { ActorPool } from '../../../../../world/traffic/population/actor-pool';
import { Random } from '../../../../../world/traffic/schedule/random';

const actors = (count: number): Actor[] => Array.from({ length: count }, (_, at) => new Actor(`${at}`, new Random(at)));

function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}

const first = () => 0;

it('never gives an actor two things at a time, and keeps the order of those that wait', async () => {
  const pool = new ActorPool(actors(2));
  const atWork = new Set<Actor>();
  const order: number[] = [];
  for (let at = 0; at < 50; at++) {
    pool.submit(async (actor) => {
      expect(atWork.has(actor)).toBe(false);
      atWork.add(actor);
      order.push(at);
      await turn();
      atWork.delete(actor);
    }, first);
  }
  expect(pool.waiting).toBe(48);
  await pool.whenIdle();
  expect(order).toEqual([...order].sort((a, b) => a - b));
  expect(order).toHaveLength(50);
});

it('hands a busy actor to who claims it before the line goes on', async () => {
  const [actor] = actors(1);
  if (actor === undefined) throw new Error('no actor');
  const pool = new ActorPool([actor]);
  const { opened, open } = gate();
  const order: string[] = [];
  pool.submit(() => opened, first);
  pool.submit(async () => void order.push('waiting job'), first);
  const claimed = pool.claim(actor, async () => void order.push('claim'));
  open();
  await claimed;
  await pool.whenIdle();
  expect(order).toEqual(['claim', 'waiting job']);
});

it('is usable again after a job that failed', async () => {
  const pool = new ActorPool(actors(1));
  const [actor] = pool.actors;
  if (actor === undefined) throw new Error('no actor');
  await expect(pool.claim(actor, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await pool.claim(actor, async () => 'again')).toBe('again');
});

it('forgets what waits and says how much it was', async () => {
  const pool = new ActorPool(actors(1));
  const { opened, open } = gate();
  for (let at = 0; at < 4; at++) pool.submit(() => opened, first);
  expect(pool.forget()).toBe(3);
  open();
  await pool.whenIdle();
  expect(pool.working).toBe(0);
});
