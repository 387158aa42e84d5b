import { mkdtempSync, openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startSharedServers } from '../test/support/start-shared-servers';
import { ISSUER, type LabRound, SwitchoverLab } from '../test/contention/lab/switchover-lab';
import { holdOf } from '../test/contention/hold-of';
import { PATIENT } from '../test/integration/activities/switchover-fixture';
import { order, Processes, forkProgram } from './gateway-processes';
import { BEFORE_MS, drainMs, heldWithoutDrain, type MeasuredRound, splitSamples, windowOf } from './switchover/figures';
import { goalsOf, SAMPLES_MIN, SWITCHOVERS_MIN } from './switchover/goals';
import { type LoadResult, type ReaderSample } from './switchover/messages';
import { ParkedReads } from './switchover/parked-reads';

const LAGS_MS = [0, 1, 2, 5] as const;
const ROUNDS_MAX = 100;
const LAG_ROUNDS = 8;
const READS_PER_SECOND = 200;
/** Until grants of every age are there; as long again after the switchover. */
const WARM_MS = 5_000;
/** As a server that keeps what it confirmed. */
const DURABLE = { max_connections: 200, max_prepared_transactions: 10 } as const;
/** As a gateway is deployed, where a test gateway differs: every request in the log, and looks at each side as often as usual. */
const DEPLOYED = {
  accessLog: { level: 'all' },
  logLevel: 'info',
  // A machine that runs all of it is busy: slow is not the same as away.
  readiness: { intervalMs: 500, timeoutMs: 12_000 },
  hold: { deadlineMs: 10_000, maxParkedMs: 15_000, drainTimeoutMs: 8_000 },
} as const;
const SETTINGS = {
  ...PATIENT,
  pauseBudgetMs: 5_000,
  holdDeadlineMs: 8_000,
  leaseMarginMs: 1_000,
  lockTimeoutMs: 500,
  attempts: 3,
};

/**
 * The pause, as writers and readers feel it: two gateways, clients that race for grants, 5 % of them slow, 50 that stalled, and readers
 * who ask all the while; one switchover after the other, each over databases that are new. `--rounds N` and `--lag-rounds N` for fewer.
 */
export async function run(): Promise<void> {
  const { values } = parseArgs({
    args: process.argv.slice(3),
    options: { rounds: { type: 'string' }, 'lag-rounds': { type: 'string' } },
  });
  const roundsMax = Number(values.rounds ?? ROUNDS_MAX);
  const lagRounds = Number(values['lag-rounds'] ?? LAG_ROUNDS);
  const folder = mkdtempSync(join(tmpdir(), 'bench-switchover-'));
  const log = join(folder, 'gateways.log');
  const end = await startSharedServers(DURABLE);
  try {
    const lab = await SwitchoverLab.start({
      settings: SETTINGS,
      gatewayConfig: DEPLOYED,
      gatewayOutput: openSync(log, 'a'),
    });
    try {
      report(await measure(lab, log, roundsMax, lagRounds));
    } finally {
      await lab.close();
    }
  } finally {
    await end();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(lab: SwitchoverLab, log: string, roundsMax: number, lagRounds: number) {
  const parked = new ParkedReads(log);
  const rounds: MeasuredRound[] = [];
  const busyShare = watchProcessors();
  const one = async (lagMs: number | null): Promise<void> => {
    lab.lag(lagMs);
    const round = await lab.round((parts) => measureRound(lab, parts, rounds.length + 1));
    rounds.push({ ...round, lagMs, readersParked: parked.countNew() });
    say(
      `switchover ${rounds.length}, ${lagMs === null ? 'no links' : `links of ${lagMs} ms`}: held ${round.receipt.holdMs} ms, drain ${drainMs(round as MeasuredRound)} ms; processors ${Math.round(busyShare() * 100)} % busy; reads in it ${round.during.length}, failed ${round.load.tally.failed} ${JSON.stringify(round.load.tally.failures)}`,
    );
  };
  const isEnough = () =>
    rounds.length >= SWITCHOVERS_MIN && rounds.reduce((sum, { during }) => sum + during.length, 0) >= SAMPLES_MIN;
  while (rounds.length < roundsMax && !isEnough()) await one(null);
  for (const lagMs of LAGS_MS) for (let round = 0; round < lagRounds; round += 1) await one(lagMs);
  return rounds;
}

async function measureRound(
  lab: SwitchoverLab,
  { gateways, switchover }: LabRound,
  seed: number,
): Promise<Omit<MeasuredRound, 'lagMs' | 'readersParked'>> {
  const processes = new Processes();
  try {
    const [load, readers] = [
      forkProgram(processes, 'switchover/load.ts'),
      forkProgram(processes, 'switchover/readers.ts'),
    ];
    const urls = gateways.map(({ publicUrl, adminUrl, publicPort }) => ({ publicUrl, adminUrl, publicPort }));
    const start = { kind: 'start', gateways: urls, issuer: ISSUER, seed, perSecond: READS_PER_SECOND };
    await Promise.all([order(load, start), order(readers, start)]);
    await sleep(WARM_MS + BEFORE_MS);
    const roundTripMs = await lab.roundTripMs();
    const receipts = await switchover();
    const receipt = receipts.at(-1);
    if (receipt?.outcome !== 'committed') throw new Error('the switchover was not committed');
    await order(load, { kind: 'moved', ...holdOf(receipt) });
    await sleep(WARM_MS);
    const samples = (await order(readers, { kind: 'stop' })) as readonly ReaderSample[];
    const result = (await order(load, { kind: 'stop' })) as LoadResult;
    return {
      roundTripMs,
      receipt,
      attempts: receipts.length,
      load: result,
      ...splitSamples(samples, windowOf(receipt)),
    };
  } finally {
    await processes.endAll();
  }
}

function report(rounds: readonly MeasuredRound[]): void {
  const { length } = rounds.filter(({ lagMs }) => lagMs === null);
  const attempts = rounds.reduce((sum, round) => sum + round.attempts, 0);
  const slow = rounds.reduce((sum, { load }) => sum + load.slow, 0);
  const longest = Math.max(...rounds.map(heldWithoutDrain));
  say(
    `\n${rounds.length} switchovers in ${attempts} attempts, ${length} of them without links; ${slow} slow requests; longest without its drain ${longest} ms`,
  );
  for (const { what, isMet, observed, because } of goalsOf(rounds))
    say(`${isMet ? 'met   ' : 'MISSED'}  ${what}: ${observed}\n          ${because}`);
}

/** @returns what share of all processors' time was not idle since the last time that it was asked */
function watchProcessors(): () => number {
  const now = () =>
    cpus().map(({ times }) => ({ idle: times.idle, all: Object.values(times).reduce((sum, each) => sum + each, 0) }));
  const sum = (times: ReturnType<typeof now>, key: 'idle' | 'all') =>
    times.reduce((total, each) => total + each[key], 0);
  let last = now();
  return () => {
    const [before, after] = [last, now()];
    last = after;
    return 1 - (sum(after, 'idle') - sum(before, 'idle')) / (sum(after, 'all') - sum(before, 'all'));
  };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
