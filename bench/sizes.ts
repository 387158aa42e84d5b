import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { guardTables, installArbiter } from '../hydra/arbiter';
import { byFullName } from '../hydra/by-full-name';
import { installCapture } from '../hydra/capture';
import { applyRules, countRulesWithin } from '../hydra/cleaning';
import { repairStates } from '../hydra/paths/1-11-10-to-2-3-0/fixups/repair-states';
import { RangeQueue, compareInTime, installParityTables, readProof, readWalks } from '../hydra/parity';
import { OUR_ROLES } from '../domain/our-roles';
import { FORWARD } from '../domain/sides';
import { becomeSyncer, carryRecentRequests, prepareSync, syncRound } from '../hydra/sync';
import { prepareSource } from '../hydra/transform';
import { bucketOfTable } from '../hydra/parity/parity-queries';
import { EndpointProcess, MASTER_PASSWORD } from '../test/integration/world/rds/endpoint-fixture';
import { createHydraDatabase, migrateHydra } from '../world/hydra';
import { resolveHydra } from '../world/toolchain';
import { type Cpu, cpuOf, cpuOfServer } from './cpu';
import { type FigureName, LIMITS, exponentOf, extrapolate, runsOutAt } from './sizes/growth';
import { type Figures, measure } from './sizes/measure';
import { populate } from './sizes/population';
import { copyPathOf } from '../hydra/paths';

const PATH = copyPathOf({ blue: '1.11.10', green: '2.3.0' });

const DEFAULT_SIZES = [100_000, 300_000, 1_000_000];
const TARGET_GRANTS = 100_000_000;
const CUTOVER = { cutoverId: 'bench' };
/** As the printed script makes it; one for all sizes. */
const SYNC_ROLE_SQL = `DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${OUR_ROLES.sync}') THEN
  CREATE ROLE ${OUR_ROLES.sync} LOGIN NOINHERIT; GRANT ${OUR_ROLES.sync} TO CURRENT_USER; END IF; END $$`;
const LANES = 2;
const LOGIN_TTL_MS = 1_800_000;
/** One grant in so many changes while green is made. */
const CHANGED_SHARE = 10;

type Phases = Readonly<Record<string, Figures>>;

interface Sized {
  readonly grants: number;
  readonly rows: number;
  readonly databaseBytes: number;
  readonly phases: Phases;
  /** Reading and hashing transformed rows of blue / the comparison; and the same rows as they are. */
  readonly parityShare: number;
  /** The same by processor time of the servers, as if nothing else ran on as many cores as there are lanes. */
  readonly parityShareByCpu: number;
  readonly untransformedShare: number;
}

/**
 * What every phase that works on rows takes at several sizes, how that grows, and what it would be at a hundred million grants.
 */
export async function run(): Promise<void> {
  const wanted = process.argv.slice(3).map(Number);
  const sizes = wanted.length === 0 ? DEFAULT_SIZES : wanted;
  const measured: Sized[] = [];
  const rds = await EndpointProcess.start();
  try {
    const { Endpoint } = await rds.createInstance('both');
    const address = { host: Endpoint?.Address ?? '', port: Endpoint?.Port ?? 0 };
    for (const grants of sizes) {
      const sized = await measureSize(rds, address, grants);
      measured.push(sized);
      printSize(sized);
      // After each size, because a larger one takes hours, and may be ended.
      printGrowth(measured);
    }
  } finally {
    await rds.dispose();
  }
}

interface Address {
  readonly host: string;
  readonly port: number;
}

async function measureSize(rds: EndpointProcess, address: Address, grants: number): Promise<Sized> {
  const login = { ...address, user: 'master', password: MASTER_PASSWORD };
  const clients: Client[] = [];
  const connect = async (database: string, as: Partial<typeof login> = {}): Promise<Client> => {
    const client = new Client({ ...login, ...as, database });
    clients.push(client);
    await client.connect();
    return client;
  };
  const [blueName, greenName] = [`blue_${grants}`, `green_${grants}`];
  const migrate = async (version: '1.11.10' | '2.3.0', database: string): Promise<void> => {
    const owner = { role: 'hydra', password: 'hydra-of-the-benchmark', database };
    await createHydraDatabase(login, owner);
    await migrateHydra({
      ...address,
      version,
      binary: await resolveHydra(version, {}),
      database: owner,
      secretsSystem: randomBytes(16).toString('hex'),
      runDir: rds.runDir,
      name: `${database}-${version}`,
      timeoutMs: 7_200_000,
    });
  };
  const watch = await connect('postgres');
  const cpuOfAll = await cpuOfServer(watch);
  const phases: Record<string, Figures> = {};
  const phase = async (name: string, work: () => Promise<unknown>): Promise<void> => {
    phases[name] = await measure(watch, cpuOfAll, work);
    process.stderr.write(
      `${grants} grants, ${name}: ${Math.round(phases[name].ms)} ms, ${Math.round(phases[name].cpuMs)} ms of processors\n`,
    );
  };
  try {
    await migrate('1.11.10', blueName);
    let blue = await connect(blueName);
    const rows = await populate(blue, grants);
    await phase('count rules on blue', async () => countRulesWithin(PATH, await byFullName(blue, 'public'), 600_000));
    await blue.end();
    await watch.query(`CREATE DATABASE ${greenName} TEMPLATE ${blueName} OWNER hydra`);
    blue = await connect(blueName);
    const green = await connect(greenName);
    await installArbiter(blue, { side: 'blue', initialState: 'open', ...CUTOVER });
    await guardTables(blue);
    await installCapture(PATH, blue);
    await green.query('CREATE SCHEMA hydra_cutover');
    await phase('clean', () => applyRules(PATH, green, { asOf: new Date().toISOString() }));
    await phase('migrate', () => migrate('2.3.0', greenName));
    await phase('repair', () => repairStates(green));
    await green.query('DROP SCHEMA hydra_cutover CASCADE');
    await phase('vacuum', () => green.query('VACUUM ANALYZE'));
    await installArbiter(green, { side: 'green', initialState: 'closed', ...CUTOVER });
    await guardTables(green);
    await green.query(SYNC_ROLE_SQL);
    const syncer = await becomeSyncer(green, {
      cutoverId: CUTOVER.cutoverId,
      schema: 'public',
      role: OUR_ROLES.sync,
      side: FORWARD.to,
    });
    const carrier = await connect(greenName, syncer.login);
    const sides = {
      ...(await prepareSync(PATH, blue, carrier, 'public')),
      ...syncer,
      direction: FORWARD,
      loginTtlMs: LOGIN_TTL_MS,
    };
    await phase('recent requests', () => carryRecentRequests(sides));
    const writer = await connect(blueName);
    await writer.query(
      `UPDATE hydra_oauth2_refresh SET form_data = form_data || '&again=1' WHERE hashtext(signature) % ${CHANGED_SHARE} = 0`,
    );
    await phase('catch up', () => syncRound(sides, { batchRows: 5_000 }));
    const lanes: Awaited<ReturnType<typeof prepareSync>>[] = [];
    const cpus: Cpu[] = [];
    for (let lane = 0; lane < LANES; lane += 1) {
      const [from, to] = [await connect(blueName), await connect(greenName)];
      cpus.push(await cpuOf(from), await cpuOf(to));
      lanes.push(await prepareSync(PATH, from, to, 'public'));
    }
    const spent = (): number => cpus.reduce((sum, cpu) => sum + cpu(), 0);
    const progress = await connect(greenName);
    await installParityTables(PATH, progress);
    const spentBefore = spent();
    await phase('compare all rows', async () => {
      const queue = new RangeQueue(progress, await readWalks(PATH, progress));
      await Promise.all(
        lanes.map(async (lane) => {
          for (let task = await queue.take(lane.from); task !== null; task = await queue.take(lane.from)) {
            await task.done(await compareInTime(lane, task.walk, task.range));
          }
        }),
      );
    });
    const comparedCpuMs = spent() - spentBefore;
    const proof = await readProof(PATH, progress);
    if (proof.provenSince === null || proof.unequal > 0) throw new Error(`${proof.unequal} ranges differ`);
    // The session of the sync knows the tables by their full names alone.
    const plain = await connect(blueName);
    await prepareSource(PATH, plain);
    const cpuOfPlain = await cpuOf(plain);
    const plainBefore = cpuOfPlain();
    await phase('read and hash transformed rows of blue', async () => {
      for (const table of PATH.tables) await plain.query(bucketOfTable(table).sql);
    });
    const plainCpuMs = cpuOfPlain() - plainBefore;
    await phase('read and hash rows of blue as they are', async () => {
      for (const { table } of PATH.captured) {
        await plain.query(`SELECT sum(hashtextextended(source::text, 0)) FROM ${table} AS source`);
      }
    });
    const { rows: size } = await blue.query<{ bytes: number }>(
      'SELECT pg_database_size(current_database())::float8 AS bytes',
    );
    await carrier.end();
    const compared = phases['compare all rows']?.ms ?? 1;
    return {
      grants,
      rows,
      databaseBytes: size[0]?.bytes ?? 0,
      phases,
      parityShare: (phases['read and hash transformed rows of blue']?.ms ?? 0) / compared,
      parityShareByCpu: (plainCpuMs * LANES) / comparedCpuMs,
      untransformedShare: (phases['read and hash rows of blue as they are']?.ms ?? 0) / compared,
    };
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
    const cleaner = new Client({ ...login, database: 'postgres' });
    await cleaner.connect();
    for (const name of [blueName, greenName]) {
      await cleaner.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`).catch(() => undefined);
    }
    await cleaner.end();
  }
}

function printSize({
  grants,
  rows,
  databaseBytes,
  phases,
  parityShare,
  parityShareByCpu,
  untransformedShare,
}: Sized): void {
  write(`\n${number(grants)} grants, ${number(rows)} rows, ${bytes(databaseBytes)} on blue\n`);
  write(
    `${'phase'.padEnd(40)}${['time', 'processors', 'temp', 'WAL', 'memory'].map((name) => name.padStart(12)).join('')}\n`,
  );
  for (const [name, { ms, cpuMs, tempBytes, walBytes, memoryBytes }] of Object.entries(phases)) {
    const shown = [seconds(ms), seconds(cpuMs), bytes(tempBytes), bytes(walBytes), bytes(memoryBytes)];
    const cells = shown.map((cell) => cell.padStart(12));
    write(`${name.padEnd(40)}${cells.join('')}\n`);
  }
  write(
    `comparing / reading and hashing transformed rows of blue once (goal: 0.9 of its speed): ${parityShare.toFixed(2)}, by processor time ${parityShareByCpu.toFixed(2)}\n`,
  );
  write(`comparing / reading and hashing rows of blue as they are: ${untransformedShare.toFixed(2)}\n`);
}

function printGrowth(measured: readonly Sized[]): void {
  const [small, large] = [measured[0], measured.at(-1)];
  if (small === undefined || large === undefined || measured.length < SIZES_MIN) return;
  write(
    `\nat ${number(TARGET_GRANTS)} grants, growing as from ${number(small.grants)} to ${number(large.grants)}, at least linearly\n`,
  );
  write(
    `${'phase'.padEnd(40)}${['exponent', 'processors', 'time', 'temp', 'WAL', 'memory'].map((name) => name.padStart(12)).join('')}\n`,
  );
  let first = { at: Number.POSITIVE_INFINITY, what: '' };
  for (const phase of Object.keys(large.phases)) {
    const points = (name: FigureName) =>
      measured.map(({ grants, phases }) => ({ grants, figure: phases[phase]?.[name] ?? 0 }));
    const cell = (name: FigureName, shown: (value: number) => string): string => {
      const figure = extrapolate(name, points(name), TARGET_GRANTS);
      return figure === null ? NOISE : shown(figure);
    };
    for (const name of FIGURES) {
      const at = runsOutAt(name, points(name));
      if (at !== null && at < first.at) first = { at, what: `${WORDS[name]} of "${phase}"` };
    }
    const cells = [
      exponentOf('ms', points('ms'))?.toFixed(2) ?? NOISE,
      exponentOf('cpuMs', points('cpuMs'))?.toFixed(2) ?? NOISE,
      cell('ms', seconds),
      cell('tempBytes', bytes),
      cell('walBytes', bytes),
      cell('memoryBytes', bytes),
    ];
    write(`${phase.padEnd(40)}${cells.map((one) => one.padStart(12)).join('')}\n`);
  }
  if (first.what === '') write(`nothing runs out\n`);
  else write(`first to run out: ${first.what}, at ${number(first.at)} grants\n`);
}

/** Through two points goes every curve. */
const SIZES_MIN = 3;
const NOISE = 'noise';
const FIGURES = ['ms', 'tempBytes', 'walBytes', 'memoryBytes'] as const;
const WORDS: Readonly<Record<FigureName, string>> = {
  cpuMs: 'processor time',
  ms: `time (${seconds(LIMITS.ms)})`,
  tempBytes: `temporary files (${bytes(LIMITS.tempBytes)})`,
  walBytes: `WAL (${bytes(LIMITS.walBytes)})`,
  memoryBytes: `memory of the worker (${bytes(LIMITS.memoryBytes)})`,
};

const write = (text: string): void => void process.stdout.write(text);
const number = (value: number): string => Math.round(value).toLocaleString('en');
function seconds(ms: number): string {
  return ms < 3_600_000 ? `${(ms / 1_000).toFixed(1)} s` : `${(ms / 3_600_000).toFixed(1)} h`;
}
function bytes(value: number): string {
  return value < 1e9 ? `${(value / 1e6).toFixed(1)} MB` : `${(value / 1e9).toFixed(1)} GB`;
}
