import { parseArgs } from 'node:util';
import { fuzzAnswers } from './fuzz-answers';
import { fuzzRequests } from './fuzz-requests';

const SHOWN_MAX = 50;

/**
 * Entry of `npm run fuzz -- --seed N --count N`: so many mutated answers of a side, and so many mutated clients. A case is
 * repeated by its own number as seed and a count of 1.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { seed: { type: 'string', default: '1' }, count: { type: 'string', default: '2000' } },
  });
  const [seed, count] = [Number(values.seed), Number(values.count)];
  if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(count) || count < 1) {
    throw new Error('--seed and --count are whole numbers');
  }
  const problems = [...(await fuzzAnswers(seed, count)), ...(await fuzzRequests(seed, count))];
  for (const problem of problems.slice(0, SHOWN_MAX)) process.stdout.write(`${problem}\n`);
  process.stdout.write(`${count} answers, ${count} clients from seed ${seed}: ${problems.length} problems\n`);
  if (problems.length > 0) process.exitCode = 1;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
