import { asCutoverFault } from '../domain/faults';
import { run as capture } from './capture';
import { run as gateway } from './gateway';
import { run as guard } from './guard';
import { run as inPlace } from './in-place';
import { run as sizes } from './sizes';
import { run as snapshotRestore } from './snapshot-restore';
import { run as stalled } from './stalled';
import { run as switchover } from './switchover';
import { run as sync } from './sync';
import { run as webhook } from './webhook';

/** Each benchmark measures and prints, with ratios against a baseline of the same run; none of them passes or fails on time. */
const BENCHMARKS: Readonly<Record<string, () => Promise<void>>> = {
  capture,
  gateway,
  guard,
  'in-place': inPlace,
  sizes,
  'snapshot-restore': snapshotRestore,
  stalled,
  switchover,
  sync,
  webhook,
};

async function main(): Promise<number> {
  const [name = ''] = process.argv.slice(2);
  const benchmark = Object.hasOwn(BENCHMARKS, name) ? BENCHMARKS[name] : undefined;
  if (benchmark === undefined) {
    process.stderr.write(`usage: npm run bench -- NAME; NAME is one of: ${Object.keys(BENCHMARKS).join(', ')}\n`);
    return 2;
  }
  await benchmark();
  return 0;
}

// What it started ends with it: without this a signal ends it before anybody hears of the end.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  process.once(signal, () => process.exit(code));

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const fault = asCutoverFault(error);
    process.stderr.write(`error ${fault.code}: ${fault.message}\n`);
    process.exit(fault.exitCode);
  },
);
