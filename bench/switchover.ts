import { parseArgs } from 'node:util';
import { createLogger } from '../config/logger';
import { type SwitchoverReceipt, SWITCHOVER_STEPS } from '../domain/receipts';
import { driveUpgrade } from '../world/demo/drive-upgrade';
import { committedSwitchover, failedRequests, pauseOf } from '../world/demo/demo-report';
import { startTraffic } from '../world/demo/run-traffic';
import { seedHistory } from '../world/demo/seed-history';
import { Histogram } from '../world/traffic/recording/histogram';
import { upWorld } from '../world/up';

const RUNS = 10;
const GRANTS = 5_000;
const GOALS = { p99Ms: 250, longestMs: 500 } as const;

type Committed = Extract<SwitchoverReceipt, { outcome: 'committed' }>;

interface Run {
  readonly receipt: Committed;
  readonly attempts: number;
  readonly longestWaitMs: number;
  readonly failed: number;
  readonly requestsPerSecond: number;
  readonly oracleClean: boolean;
  /** Of ordinary requests in the same run, the baseline. */
  readonly ordinaryP99Ms: number;
}

/**
 * Whole upgrades under load, each on a world of its own: how long requests are held, and what each step of the protocol takes
 * of it. `--runs N` for fewer.
 */
export async function run(): Promise<void> {
  const { values } = parseArgs({ args: process.argv.slice(3), options: { runs: { type: 'string' } } });
  const wanted = Number(values.runs ?? RUNS);
  const runs: Run[] = [];
  for (let number = 1; number <= wanted; number += 1) {
    const one = await upgradeOnce();
    runs.push(one);
    process.stdout.write(
      `run ${number}/${wanted}: held ${one.receipt.holdMs} ms, longest wait ${one.longestWaitMs} ms, failed ${one.failed}, ${one.requestsPerSecond} requests/s\n`,
    );
  }
  report(runs);
}

async function upgradeOnce(): Promise<Run> {
  const logger = createLogger({ level: 'error', bindings: { process: 'bench' } });
  const signal = new AbortController().signal;
  const world = await upWorld({ keep: false, logger });
  let done = false;
  try {
    await seedHistory(world, GRANTS);
    const traffic = await startTraffic(world);
    const { info } = world;
    const { configFile, env } = info.cutover;
    const upgrade = await driveUpgrade({ info, configFile, env, manual: false, say: () => undefined, signal });
    const pause = await pauseOf(upgrade.report, traffic);
    const clients = await traffic.finish();
    const receipt = committedSwitchover(upgrade.report);
    if (receipt?.outcome !== 'committed') throw new Error(`the upgrade ended as ${upgrade.report.outcome}`);
    done = true;
    return {
      receipt,
      attempts: upgrade.report.switchovers.length,
      longestWaitMs: pause.longest,
      failed: failedRequests(clients),
      requestsPerSecond: clients.requestsPerSecond,
      oracleClean: clients.verdict?.clean === true,
      ordinaryP99Ms: Math.max(...clients.traffic.requestsByOperation.map(({ p99Ms }) => p99Ms)),
    };
  } finally {
    await world.down(!done);
  }
}

function report(runs: readonly Run[]): void {
  const hold = histogram(runs.map(({ receipt }) => receipt.holdMs));
  const lines = [
    `switchovers: ${runs.length}, in ${runs.reduce((sum, one) => sum + one.attempts, 0)} attempts`,
    `requests held: p50 ${hold.p50Ms} ms, p99 ${hold.p99Ms} ms (goal ${GOALS.p99Ms}), longest ${hold.maxMs} ms (goal ${GOALS.longestMs})`,
    `longest wait of a client: ${Math.max(...runs.map((one) => one.longestWaitMs))} ms; slowest p99 of an ordinary request in the same runs: ${Math.max(...runs.map((one) => one.ordinaryP99Ms))} ms`,
    `failed requests: ${runs.reduce((sum, one) => sum + one.failed, 0)} (goal 0); oracle clean in ${runs.filter((one) => one.oracleClean).length} of ${runs.length}`,
    'steps, p50 and longest:',
    ...SWITCHOVER_STEPS.map((step) => {
      const times = histogram(runs.flatMap(({ receipt }) => receipt.stepsMs[step] ?? []));
      return `  ${step.padEnd(16)} ${times.p50Ms} ms, ${times.maxMs} ms`;
    }),
  ];
  process.stdout.write(`\n${lines.join('\n')}\n`);
}

function histogram(values: readonly number[]) {
  const times = new Histogram();
  for (const value of values) times.record(value);
  return times.summary();
}
