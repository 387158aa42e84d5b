import { asCutoverFault } from '../domain/faults';

/** Each benchmark measures and prints, with ratios against a baseline of the same run; none of them passes or fails on time. */
const BENCHMARKS = {
  gateway: () => import('./gateway'),
  'snapshot-restore': () => import('./snapshot-restore'),
} as const satisfies Record<string, () => Promise<{ run: (args: readonly string[]) => Promise<void> }>>;

async function main(): Promise<number> {
  const [name = '', ...args] = process.argv.slice(2);
  if (!Object.hasOwn(BENCHMARKS, name)) {
    process.stderr.write(`usage: npm run bench -- NAME; NAME is one of: ${Object.keys(BENCHMARKS).join(', ')}\n`);
    return 2;
  }
  const benchmark = await BENCHMARKS[name as keyof typeof BENCHMARKS]();
  await benchmark.run(args);
  return 0;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const fault = asCutoverFault(error);
    process.stderr.write(`error ${fault.code}: ${fault.message}\n`);
    process.exit(fault.exitCode);
  },
);
