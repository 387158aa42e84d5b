import { parseArgs } from 'node:util';
import { INSTALLED_POSTGRES_MAJORS, POSTGRES_MAJORS, type PostgresMajor, resolveHydra } from '../../world/toolchain';
import { ATTACKS } from './attacks';
import { Battlefield } from './battlefield';
import { tryAttack } from './try-attack';

/**
 * Entry of `npm run attack`: every attack on each version of PostgreSQL that is installed, or on the one that
 * `--postgres-major` names. Arguments: parts of titles.
 */
async function main(args: readonly string[]): Promise<void> {
  const { values, positionals: filters } = parseArgs({
    args: [...args],
    options: { 'postgres-major': { type: 'string' } },
    allowPositionals: true,
  });
  const majors = majorsOf(values['postgres-major']);
  const progress = { progress: (line: string) => process.stderr.write(`${line}\n`) };
  const binaries = {
    hydra11110: await resolveHydra('1.11.10', progress),
    hydra230: await resolveHydra('2.3.0', progress),
  };
  const attacks = ATTACKS.filter(({ title }) => filters.length === 0 || filters.some((part) => title.includes(part)));
  let succeeded = 0;
  for (const major of majors) {
    const field = await Battlefield.start(major, binaries);
    try {
      for (const attack of attacks) {
        const { seen, problem } = await tryAttack(field, attack);
        if (problem !== null) succeeded += 1;
        const end = problem === null ? `held  ${seen}` : `BAD   ${problem}`;
        process.stdout.write(`PostgreSQL ${major}  ${attack.as.padEnd(7)}  ${attack.title}\n    ${end}\n`);
      }
    } finally {
      await field.stop();
    }
  }
  process.stdout.write(`${attacks.length * majors.length} attacks, ${succeeded} that did not fail as they should\n`);
  if (succeeded > 0 || attacks.length === 0) process.exitCode = 1;
}

function majorsOf(named: string | undefined): readonly PostgresMajor[] {
  if (named === undefined) return INSTALLED_POSTGRES_MAJORS;
  const major = POSTGRES_MAJORS.find((known) => String(known) === named);
  if (major === undefined) throw new Error(`--postgres-major is ${named} (allowed: ${POSTGRES_MAJORS.join(', ')})`);
  return [major];
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
