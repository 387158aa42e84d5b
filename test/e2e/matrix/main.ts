import { IN_PLACE_CASES, QUICK_SHARES } from './in-place-cases';
import { REAL_CASES, type RealCase } from './real-cases';
import { changeConfig } from './real-run';
import { runCase, type RealResult } from './run-case';
import { UpgradeWorld } from '../upgrade-world';

const GRANTS = 300;

/** Entry of `npm run matrix`: every real case, one after the other, on one world for each kind. Arguments: parts of titles. */
async function main(filters: readonly string[]): Promise<void> {
  const chosen = ({ title }: RealCase) => filters.length === 0 || filters.some((part) => title.includes(part));
  const cases = [...REAL_CASES, ...IN_PLACE_CASES].filter(chosen);
  const results: RealResult[] = [];
  await runAll(REAL_CASES.filter(chosen), results, () => UpgradeWorld.start(GRANTS));
  await runAll(IN_PLACE_CASES.filter(chosen), results, async () => {
    const upgrade = await UpgradeWorld.start(0, '1.11.10', true);
    await changeConfig(upgrade, 'inPlace', QUICK_SHARES);
    return upgrade;
  });
  const bad = results.filter(({ problems }) => problems.length > 0);
  process.stdout.write(`${results.length} of ${cases.length} cases, ${bad.length} with problems\n`);
  if (bad.length > 0 || results.length < cases.length) process.exitCode = 1;
}

/** @param start of a world for them, where there are any */
async function runAll(
  cases: readonly RealCase[],
  results: RealResult[],
  start: () => Promise<UpgradeWorld>,
): Promise<void> {
  if (cases.length === 0) return;
  const upgrade = await start();
  try {
    for (const realCase of cases) {
      const result = await runCase(upgrade, realCase);
      results.push(result);
      process.stdout.write(`${line(result)}\n`);
      // What it left would fail every case behind it, too.
      if (result.outcome === 'not ended') break;
    }
  } finally {
    await upgrade.stop();
  }
}

function line({ title, outcome, undone, struckIn, requests, durationMs, problems }: RealResult): string {
  const parts = [
    problems.length === 0 ? 'ok ' : 'BAD',
    outcome.padEnd(9),
    `${(durationMs / 1_000).toFixed(0).padStart(4)} s`,
    `${String(requests).padStart(6)} requests`,
    title,
  ];
  const details = [
    struckIn.length === 0 ? '' : struckIn.join(', '),
    undone.length === 0 ? '' : `undone: ${undone.join(', ')}`,
    ...problems.map((problem) => `PROBLEM ${problem}`),
  ].filter((text) => text !== '');
  return [parts.join('  '), ...details.map((text) => `       ${text}`)].join('\n');
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
