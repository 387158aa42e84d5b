import { type Client } from 'pg';
import { createSwitchover, switchover } from '../../../activities/switchover';
import { PATIENCE } from '../../../activities/switchover/patience';
import { realTools } from '../../../activities/switchover/real-tools';
import { CutoverFault } from '../../../domain/faults';
import { type SwitchoverInput } from '../../../domain/steps';
import { guardTables } from '../../../hydra/arbiter';
import { useDatabase } from '../../support/database';
import { History } from '../hydra/sync/history';
import { stepContext } from './green-fixture';
import { RoundTrips } from './round-trips';
import { GREEN, SwitchoverWorld } from './switchover-fixture';

const database = useDatabase('hydra_1_11_10');
const history = new History(16);
const world = new SwitchoverWorld(database.config);
let name = 0;

beforeAll(() => world.start((blue) => history.go(blue, 5)));
beforeEach(async () => {
  await world.reset();
  name += 1;
});
afterAll(() => world.close());

/** Ends with what was asked of blue last. */
let asked: Promise<unknown> = Promise.resolve();

/**
 * Runs `work` once, before the first statement to blue that has `text` in it, and after those before it: they may be sent together.
 */
function before(text: string, work: () => Promise<unknown>, then?: () => void): void {
  let isDone = false;
  world.scenario.onQuery = async ({ side, text: sql }, call) => {
    if (!isDone && side === 'blue' && sql.includes(text)) {
      isDone = true;
      await asked;
      await work();
      then?.();
    }
    const answer = call();
    if (side === 'blue') asked = answer.catch(() => undefined);
    return answer;
  };
}

/** After the look at blue, and before the one in the moment of the opening. */
function betweenLooks(work: () => Promise<unknown>): void {
  before(
    'problems_since_commit',
    () => Promise.resolve(),
    () => before('problems_since_commit', work),
  );
}

const decide = (decision: Pick<SwitchoverInput, 'fence' | 'decided' | 'committed'>) =>
  switchover(world.deps(), { ...world.input, ...decision }, stepContext());

const namesOf = async (client: Client): Promise<string[]> => {
  const sql = 'SELECT DISTINCT client_name AS name FROM hydra_client ORDER BY 1';
  return (await client.query<{ name: string }>(sql)).rows.map((row) => row.name);
};

/** Everything of Hydra's triggers off, a write, and everything as it was: what a superuser can do after the commit. */
async function writePast(): Promise<void> {
  const { rows } = await world.blue.query<{ sql: string }>(
    `SELECT string_agg(format('ALTER TABLE hydra_client ENABLE ALWAYS TRIGGER %I', tgname), ';') AS sql
       FROM pg_trigger WHERE tgrelid = 'hydra_client'::regclass AND tgenabled = 'A'`,
  );
  await world.blue.query(
    `BEGIN; ALTER TABLE hydra_client DISABLE TRIGGER ALL; UPDATE hydra_client SET client_name = 'past ${name}';
     ALTER TABLE hydra_client ENABLE TRIGGER ALL; ${rows[0]?.sql ?? ''}; COMMIT`,
  );
}

/** A row of green that nobody has carried. */
async function changeOnGreen(): Promise<void> {
  await world.green.query(
    `BEGIN; ALTER TABLE hydra_client DISABLE TRIGGER hydra_cutover_guard; UPDATE hydra_client SET client_name = 'other';
     ALTER TABLE hydra_client ENABLE ALWAYS TRIGGER hydra_cutover_guard; COMMIT`,
  );
  await guardTables(world.green);
}

const AWAY = () => Promise.reject(new CutoverFault('DB_UNREACHABLE', 'away'));
/** Enough for what comes before. */
const SHORT = { pauseBudgetMs: 4_000 };

describe('what went around the fence of blue is carried before green opens', () => {
  it('written by a superuser with all triggers off, after the commit', async () => {
    before('problems_since_commit', writePast);
    expect(await world.run()).toMatchObject({
      outcome: 'committed',
      refused: 0,
      aroundFence: { tables: ['hydra_client'], openedBy: null },
    });
    expect(world.before('holdWriters')).toEqual(expect.arrayContaining(['lookAround: found', 'carryAround: ok']));
    expect(await namesOf(world.blue)).toEqual([`past ${name}`]);
    expect(await namesOf(world.green)).toEqual([`past ${name}`]);
    expect(await world.whoServes()).toEqual(GREEN);
  });

  it('written while the targets are flipped, after blue was looked at: it is asked once more before green opens', async () => {
    betweenLooks(writePast);
    expect(await world.run()).toMatchObject({ outcome: 'committed', aroundFence: { tables: ['hydra_client'] } });
    expect(world.events.filter((event) => /^(lookAround|applyTargets|openEntered|carryAround)/.test(event))).toEqual([
      'lookAround: clean',
      'applyTargets: ok',
      'openEntered: lost',
      'lookAround: found',
      'carryAround: ok',
      'lookAround: clean',
      'openEntered: ok',
    ]);
    expect(await namesOf(world.green)).toEqual([`past ${name}`]);
    expect(await world.whoServes()).toEqual(GREEN);
  });

  it('but nothing is compared for a write that is refused then: it changed nothing, and is told', async () => {
    betweenLooks(() => expect(world.blue.query('DELETE FROM hydra_client')).rejects.toMatchObject({ code: 'HC001' }));
    const receipt = await world.run();
    expect(receipt).toMatchObject({ outcome: 'committed', refused: 1 });
    expect(receipt).not.toHaveProperty('aroundFence');
  });

  it('written to a table that became a child between fence and commit, which the commit cannot see', async () => {
    const stray = await world.sync.connect('blue');
    await world.blue.query('CREATE SCHEMA elsewhere');
    before(
      'commit_attempt',
      () =>
        stray.query(
          `BEGIN; CREATE TABLE elsewhere.kid (LIKE hydra_client INCLUDING ALL); ALTER TABLE elsewhere.kid INHERIT hydra_client;
           INSERT INTO elsewhere.kid SELECT * FROM ONLY hydra_client LIMIT 1;
           UPDATE elsewhere.kid SET id = 'stray-${name}', pk = pk + 1000000`,
        ),
      () => before('problems_since_commit', () => stray.query('COMMIT')),
    );
    try {
      // It stays there, and so nobody can say that nothing comes through it later.
      expect(await world.run()).toMatchObject({
        outcome: 'committed',
        refused: null,
        aroundFence: { problems: ['elsewhere.kid inherits from hydra_client and has no guard'], rows: 1 },
      });
      const { rows } = await world.green.query('SELECT FROM hydra_client WHERE id = $1', [`stray-${name}`]);
      expect(rows).toHaveLength(1);
    } finally {
      await world.blue.query('DROP SCHEMA elsewhere CASCADE');
      await stray.end();
    }
  });

  it('or was refused: everything is compared, because nobody knows what it would have been', async () => {
    before('commit_attempt', () =>
      expect(world.blue.query('DELETE FROM hydra_client')).rejects.toMatchObject({ code: 'HC001' }),
    );
    const receipt = await world.run();
    expect(receipt).toMatchObject({ outcome: 'committed', refused: 1, aroundFence: { refused: 1, openedBy: null } });
    expect(receipt.outcome === 'committed' && receipt.aroundFence?.tables).toHaveLength(16);
    expect(world.before('openEntered')).toContain('carryAround: ok');
  });

  it('or refused after it was carried for another reason: that is one of its own', async () => {
    const refuse = () => expect(world.blue.query('DELETE FROM hydra_client')).rejects.toMatchObject({ code: 'HC001' });
    before('problems_since_commit', writePast, () => before('problems_since_commit', refuse));
    expect(await world.run()).toMatchObject({ outcome: 'committed', aroundFence: { refused: 1 } });
    expect(world.events.filter((event) => event.startsWith('lookAround'))).toEqual([
      'lookAround: found',
      'lookAround: found',
      'lookAround: clean',
    ]);
  });

  it('with all tables where one of its signs names none, whatever the others name', async () => {
    before('problems_since_commit', async () => {
      await writePast();
      await world.blue.query(`CREATE FUNCTION hydra_cutover.planted() RETURNS int LANGUAGE sql AS 'SELECT 1'`);
    });
    const receipt = await world.run();
    await world.blue.query('DROP FUNCTION hydra_cutover.planted()');
    expect(receipt.outcome === 'committed' && receipt.aroundFence?.tables).toHaveLength(16);
  });

  it('and gateways are told anew what green cannot know, because something of it may have come along', async () => {
    const { login } = await history.grant(world.blue);
    before('problems_since_commit', async () => {
      await writePast();
      for (const { challenges } of world.gateways) challenges.clear();
    });
    expect(await world.run()).toMatchObject({ outcome: 'committed', aroundFence: { tables: ['hydra_client'] } });
    for (const { challenges } of world.gateways) expect(challenges.has(`${login}v`)).toBe(true);
  });

  it('once more where rows differ still when they are compared', async () => {
    before('problems_since_commit', writePast);
    const once = world.scenario.onQuery;
    let prepared = 0;
    world.scenario.onQuery = async (event, call) => {
      const isPreparing = event.purpose === 'switchover carry' && event.text.includes('cursor_tuple_fraction');
      // The first time for the round, the second for the comparison after it.
      if (isPreparing && event.side === 'blue' && (prepared += 1) === 2) await changeOnGreen();
      return once?.(event, call) ?? call();
    };
    expect(await world.run()).toMatchObject({ outcome: 'committed', aroundFence: { openedBy: null } });
    expect(world.events.filter((event) => event.startsWith('carryAround'))).toEqual([
      'carryAround: failed',
      'carryAround: ok',
    ]);
    expect(await namesOf(world.green)).toEqual([`past ${name}`]);
  });

  it('or may have been, because the server forgot in a crash how many writes it refused: all tables, in few round trips', async () => {
    before('problems_since_commit', () => world.blue.query('TRUNCATE hydra_cutover.counting'));
    const once = world.scenario.onQuery;
    const trips = new RoundTrips();
    world.scenario.onQuery = (event, call) => {
      const ask = () => once?.(event, call) ?? call();
      const what = `${event.side}: ${event.text.replace(/\s+/g, ' ').slice(0, 60)}`;
      return event.purpose === 'switchover carry' ? trips.during(what, ask) : ask();
    };
    expect(await world.run()).toMatchObject({ outcome: 'committed', refused: null, aroundFence: { refused: null } });
    // On a link of 10 ms these are a second or so of a pause in which nobody can write.
    expect(trips.inARow.length).toBeGreaterThan(10);
    expect(trips.inARow.length).toBeLessThanOrEqual(140);
    expect(world.events.filter((event) => event.startsWith('lookAround'))).toEqual([
      'lookAround: found',
      'lookAround: clean',
    ]);
  });
});

describe('where it cannot be carried within the pause', () => {
  /** Leaves a committed attempt, a closed green and a write on blue alone. */
  async function endsAsking(): Promise<void> {
    world.scenario.settings = SHORT;
    before('problems_since_commit', writePast);
    const once = world.scenario.onQuery;
    world.scenario.onQuery = (event, call) =>
      event.purpose === 'switchover carry' ? AWAY() : (once?.(event, call) ?? call());
    await expect(world.run()).rejects.toMatchObject({
      code: 'FENCE_UNPROVEN',
      message: expect.stringContaining('Tables: hydra_client') as string,
      details: { tables: ['hydra_client'] },
    });
    world.scenario = {};
    expect(world.events.some((event) => event.startsWith('holdWriters'))).toBe(false);
    expect((await world.whoServes()).writes).toBe('');
  }

  it('the step ends asking, as often as it is repeated, and carries it when a person says so', async () => {
    await endsAsking();
    await world.blue.query(
      `UPDATE hydra_cutover.attempt SET hold_started_at = hold_started_at - interval '1 hour' WHERE state = 'committed'`,
    );
    await expect(world.run()).rejects.toMatchObject({ code: 'FENCE_UNPROVEN' });
    expect(await decide({ fence: 'carry' })).toMatchObject({ outcome: 'committed', aroundFence: { openedBy: null } });
    expect(await namesOf(world.green)).toEqual([`past ${name}`]);
    expect(await world.whoServes()).toEqual(GREEN);
  });

  it('green opens on the word of a person, and nobody claims that nothing was lost', async () => {
    await endsAsking();
    expect(await decide({ fence: 'open', decided: 'sam: the clients are made anew' })).toMatchObject({
      outcome: 'committed',
      refused: null,
      aroundFence: { rows: 0, openedBy: 'sam: the clients are made anew' },
    });
    expect(await namesOf(world.green)).not.toEqual([`past ${name}`]);
    expect(await world.whoServes()).toEqual(GREEN);
  });

  it('and where blue does not answer any more', async () => {
    world.scenario.settings = SHORT;
    world.scenario.onQuery = ({ text }, call) => (text.includes('problems_since_commit') ? AWAY() : call());
    const impatient = createSwitchover({ ...realTools, patience: { ...PATIENCE, fenceMs: 0 } });
    await expect(impatient(world.deps(), world.input, stepContext())).rejects.toMatchObject({
      code: 'FENCE_UNPROVEN',
      message: expect.stringContaining('blue does not answer') as string,
      details: { attempt: 1, epoch: 1 },
    });
    // Nothing of blue answers from here on, not even who committed what: the step's own word stands in for it.
    world.scenario.onQuery = ({ side }, call) => (side === 'blue' ? AWAY() : call());
    const unknown = { fence: 'open', decided: 'sam: blue is gone' } as const;
    await expect(decide(unknown)).rejects.toMatchObject({ code: 'DB_UNREACHABLE' });
    expect(await decide({ ...unknown, committed: { attempt: 1, epoch: 1 } })).toMatchObject({
      outcome: 'committed',
      refused: null,
      aroundFence: { openedBy: 'sam: blue is gone' },
    });
    world.scenario = {};
    expect(await world.whoServes()).toEqual(GREEN);
  });
});

describe('the pause', () => {
  /** From the first hold to the last release, over all parties. */
  async function roundTrips(late?: 'lateInPrepare' | 'atTheFence'): Promise<readonly string[]> {
    const write = () => world.blue.query(`UPDATE hydra_client SET client_name = 'late ${name}'`);
    const trips = new RoundTrips();
    const ends = new Map<string, () => void>();
    let isHeld = false;
    world.scenario = {
      onQuery: async ({ side, text }, call) => {
        if (late === 'lateInPrepare' && text.includes('begin_attempt')) await write();
        if (!isHeld) return call();
        const what = `${side}: ${text.replace(/\s+/g, ' ').slice(0, 60)}`;
        if (late === 'atTheFence' && text.includes('.fence(')) await write();
        return trips.during(what, call);
      },
      onAction: (step) => void (isHeld &&= step !== 'release'),
      hooks: {
        before: ({ name, method }) => {
          isHeld ||= method === 'hold';
          if (isHeld) ends.set(`${method} ${name}`, trips.begin(`${method} ${name}`));
        },
        after: ({ name, method }) => ends.get(`${method} ${name}`)?.(),
      },
    };
    expect(await world.run()).toMatchObject({ outcome: 'committed' });
    return trips.inARow;
  }

  it('is eight round trips in a row when nothing came after the last round before it', async () => {
    const row = await roundTrips();
    expect(row).toHaveLength(8);
    expect(row.filter((what) => /^(blue|green):/.test(what))).toHaveLength(4);
  });

  it('is at most fourteen when writes came all the time: what the hold let end is carried beside the fence', async () => {
    await world.blue.query(`UPDATE hydra_client SET client_name = 'early ${name}'`);
    const row = await roundTrips('lateInPrepare');
    expect(row.length).toBeGreaterThan(8);
    expect(row.length).toBeLessThanOrEqual(14);
    expect(await namesOf(world.green)).toEqual([`late ${name}`]);
  });

  it('is at most fifteen when a write surprised the fence', async () => {
    const row = await roundTrips('atTheFence');
    expect(row.length).toBeGreaterThan(8);
    expect(row.length).toBeLessThanOrEqual(15);
    expect(await namesOf(world.green)).toEqual([`late ${name}`]);
  });

  it('carries what the hold let end, and tells its challenges, when the round beside the fence had no answer', async () => {
    let grant: { readonly login: string } | undefined;
    let isCut = false;
    await history.grant(world.blue);
    world.scenario.onQuery = async ({ side, text }, call) => {
      if (text.includes('begin_attempt')) grant = await history.grant(world.blue);
      // The last thing that a round asks: what it brought is on green, and marked.
      const isLast = grant !== undefined && side === 'blue' && text.includes('undone_changes() +');
      if (!isLast || isCut) return call();
      isCut = true;
      return AWAY();
    };
    expect(await world.run()).toMatchObject({ outcome: 'committed' });
    expect(isCut).toBe(true);
    for (const { challenges } of world.gateways) expect(challenges.has(`${grant?.login ?? ''}v`)).toBe(true);
  });
});
