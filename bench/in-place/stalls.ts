import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { readVendorPlan } from '../../activities/in-place/read-vendor-plan';
import { IN_PLACE_PATHS } from '../../domain/in-place/paths';
import { book } from '../../hydra/in-place/bookkeeping';
import { layCompatibility, switchOldSessions } from '../../hydra/in-place/compatibility';
import { keepPlan } from '../../hydra/in-place/keep-plan';
import { runActs } from '../../hydra/in-place/run-acts';
import { type InPlaceFixture, stepContext } from '../../test/support/in-place';
import { BUSY_TABLE_NAMES, fill } from './fill';
import { Loops, type StallsByTable } from './loops';

const CALM_MS = 10_000;
const GOAL_MS = 200;
const GOAL_RATIO = 15;
const WAYS = ['calm', 'shipped', 'online'] as const;
type Way = (typeof WAYS)[number];

/**
 * How long clients of each table wait at most while Hydra 1.3.2's database becomes that of 1.11.10: as the vendor ships it
 * (`migrate sql`), and online, on two copies of the same rows; and without any migration, as the machine is.
 */
export async function measureStalls(fixture: InPlaceFixture, accessRows: number): Promise<void> {
  const { plan } = await readVendorPlan(fixture.deps, stepContext());
  const { roles, database: online } = fixture;
  const owner = new Client({ connectionString: fixture.dsn(roles.old) });
  await owner.connect();
  const rows = await fill(owner, accessRows).finally(() => owner.end());
  const total = Object.values(rows).reduce((sum, count) => sum + count, 0);
  say(
    `${accessRows} access tokens, ${total} rows in ${BUSY_TABLE_NAMES.length} tables; a writer and a reader at 40/s for each`,
  );
  const shipped = `${online}_shipped`;
  await fixture.clone(shipped, online);
  const seen = {} as Record<Way, StallsByTable>;
  await underTraffic(fixture.dsn(roles.old, shipped), async (loops) => {
    await sleep(CALM_MS);
    seen.calm = loops.take();
    const tookMs = await timed(() => fixture.hydra('1.11.10', ['migrate', 'sql', '-e', '-y'], shipped, roles.old));
    seen.shipped = loops.take();
    say(`as shipped: ${tookMs} ms`);
  });
  const client = new Client({ connectionString: fixture.dsn(roles.tool, online) });
  const watcher = new Client({ connectionString: fixture.dsn(roles.tool, online) });
  await client.connect();
  await watcher.connect();
  try {
    const { schema, owner: of, oldRole, migration } = fixture.settings;
    const place = { schema, owner: of, oldRole, database: online };
    await keepPlan(client, 'bench', plan);
    await layCompatibility(client, place, {
      ...IN_PLACE_PATHS['1.3.2'],
      changedTables: plan.changedTables,
      acts: plan.acts,
    });
    await switchOldSessions(client, place);
    const tools = {
      ...{ client, schema, owner: of, ...migration, lockAttempts: 10_000, batchRows: 1_000 },
      signal: new AbortController().signal,
      watch: async <Row>(sql: string) => (await watcher.query(sql)).rows as Row[],
      heartbeat: () => undefined,
    };
    // The loops begin behind the switch, so that they look through the views as the old version does.
    await underTraffic(fixture.dsn(roles.old, online), async (loops) => {
      await sleep(CALM_MS);
      loops.take();
      const tookMs = await timed(async () => {
        await runActs(tools, plan);
        await book(tools, plan);
      });
      seen.online = loops.take();
      say(`online: ${tookMs} ms`);
    });
  } finally {
    await client.end();
    await watcher.end();
  }
  tell(seen);
}

function tell(seen: Readonly<Record<Way, StallsByTable>>): void {
  const worst: Record<Way, number> = { calm: 0, shipped: 0, online: 0 };
  say('longest stall in ms of writers, readers');
  for (const table of BUSY_TABLE_NAMES) {
    const cells = WAYS.map((way) => {
      const { writers, readers } = seen[way][table];
      worst[way] = Math.max(worst[way], writers, readers);
      return `${way} ${String(writers).padStart(5)}, ${String(readers).padStart(5)}`;
    });
    say(`  ${table.padEnd(36)}  ${cells.join('   ')}`);
  }
  const ratio = worst.shipped / Math.max(1, worst.online);
  say(
    `longest of all: shipped ${worst.shipped} ms, online ${worst.online} ms (goal: at most ${GOAL_MS} ms; without any migration ${worst.calm} ms)`,
  );
  say(`shipped / online ${ratio.toFixed(1)} (goal: at least ${GOAL_RATIO})`);
}

async function underTraffic(dsn: string, work: (loops: Loops) => Promise<void>): Promise<void> {
  const loops = await Loops.start(dsn);
  try {
    await work(loops);
  } finally {
    await loops.stop();
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return Math.round(performance.now() - startedAt);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
