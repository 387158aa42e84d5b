import { REAL_CASES } from './real-cases';
import { runCase, type RealResult } from './run-case';
import { UpgradeWorld } from '../upgrade-world';

const GRANTS = 300;

/** Entry of `npm run matrix`: every real case, one after the other, on one world. Arguments: parts of titles. */
async function main(filters: readonly string[]): Promise<void> {
  const cases = REAL_CASES.filter(({ title }) => filters.length === 0 || filters.some((part) => title.includes(part)));
  const upgrade = await UpgradeWorld.start(GRANTS);
  const results: RealResult[] = [];
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
  const bad = results.filter(({ problems }) => problems.length > 0);
  process.stdout.write(`${results.length} of ${cases.length} cases, ${bad.length} with problems\n`);
  if (bad.length > 0 || results.length < cases.length) process.exitCode = 1;
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
