import { errorMessage } from '../../domain/error-message';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { Client } from 'pg';
import { CutoverFault, asCutoverFault } from '../../domain/faults';
import { type SeedProfile, type SeedReport, SEED_PROFILES, seed } from './index';

interface Flags {
  readonly dsnEnv: string;
  readonly profile: SeedProfile;
  readonly grants: number;
  readonly seed: number;
  readonly asOf?: string;
  readonly systemSecretEnv?: string;
  readonly issuer?: string;
  readonly clientId?: readonly string[];
  readonly json: boolean;
}

/** `world/seeder/main.ts`: secrets come by the name of an environment variable, never as an argument that `ps` shows. */
function program(): Command {
  return new Command('seeder')
    .description('writes history into the database of a Hydra 1.11.10')
    .requiredOption('--dsn-env <name>', 'environment variable with the DSN')
    .addOption(new Option('--profile <name>', 'what to plant').choices(SEED_PROFILES).default('fixable'))
    .option('--grants <n>', 'finished grants', wholeNumber, 1_000)
    .option('--seed <n>', 'same seed, same rows', wholeNumber, 1)
    .option('--as-of <time>', 'ISO-8601 time at which the history ends (default: now)')
    .option('--system-secret-env <name>', "environment variable with Hydra's first secrets.system")
    .option('--issuer <url>', "Hydra's urls.self.issuer")
    .option('--client-id <id...>', 'existing clients that own the history')
    .option('--json', 'report as JSON', false)
    .exitOverride();
}

async function main(argv: readonly string[]): Promise<number> {
  try {
    const flags = program().parse(argv).opts<Flags>();
    const report = await run(flags);
    process.stdout.write(flags.json ? `${JSON.stringify({ schemaVersion: 1, ...report })}\n` : summary(report));
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const fault = asCutoverFault(error);
    process.stderr.write(`${fault.code}: ${fault.message}\n`);
    return fault.exitCode;
  }
}

async function run(flags: Flags): Promise<SeedReport> {
  const client = new Client({
    connectionString: fromEnvironment(flags.dsnEnv),
    application_name: 'hydra-cutover seeder',
  });
  // A server that goes away also reports it here; the query that was running fails and says so.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    const said = errorMessage(error);
    throw new CutoverFault('DB_UNREACHABLE', `no connection with the DSN in ${flags.dsnEnv}: ${said}`, {}, error);
  }
  try {
    return await seed(client, {
      profile: flags.profile,
      grants: flags.grants,
      seed: flags.seed,
      asOf: flags.asOf ?? new Date().toISOString(),
      ...(flags.systemSecretEnv === undefined ? {} : { systemSecret: fromEnvironment(flags.systemSecretEnv) }),
      ...(flags.issuer === undefined ? {} : { issuer: flags.issuer }),
      ...(flags.clientId === undefined ? {} : { clientIds: flags.clientId }),
    });
  } finally {
    await client.end();
  }
}

function fromEnvironment(name: string): string {
  const value = process.env[name];
  if (value !== undefined && value !== '') return value;
  throw new CutoverFault('USAGE', `the environment variable ${name} is not set; export it first`, { name });
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Not a whole number.');
  return Number(text);
}

function summary(report: SeedReport): string {
  const line = (name: string, count: number): string => `  ${name.padEnd(52)} ${String(count).padStart(10)}\n`;
  return [
    `profile ${report.profile}, ${report.grants} grants, seed ${report.seed}, ${report.durationMs} ms\n`,
    'rows inserted\n',
    ...Object.entries(report.rows).map(([table, count]) => line(table, count)),
    'planted\n',
    ...Object.entries(report.planted).map(([defect, count]) => line(defect, count)),
  ].join('');
}

void main(process.argv).then((exitCode) => {
  process.exitCode = exitCode;
});
