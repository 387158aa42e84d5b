import { join } from 'node:path';
import { ProcessCommandRunner } from '../../adapters/command/process-command-runner';
import { PostgresDatabases } from '../../adapters/postgres/postgres-databases';
import { startRecorder } from '../../adapters/postgres/statement-recorder';
import { readVendorPlan, type VendorPlan } from '../../activities/in-place/read-vendor-plan';
import { type InPlaceDeps } from '../../activities/in-place/deps';
import { type InPlaceCommand, type InPlaceDatabase } from '../../domain/in-place/settings';
import { compareFacts } from '../../hydra/catalog';
import { HYDRA_LAUNCH_FACTS } from '../../hydra/versions';
import { resolveHydra } from '../../world/toolchain';
import { toolContext } from '../../world/toolchain/context';
import { findGoProgram } from '../../world/toolchain/go-program';
import { HYDRA } from '../../world/toolchain/versions';
import { OwnCluster } from '../support/own-cluster';

const MIGRATE_MS = 240_000;
const { migrateArgs } = HYDRA_LAUNCH_FACTS['1.3.2'];
/** The oldest that can be built: of 1.0.0 the sources of a dependency cannot be verified any more. */
const OLDEST = {
  ...HYDRA['1.3.2'],
  ...{ label: 'Hydra 1.0.8', folder: 'hydra-1.0.8', version: '1.0.8', variable: 'HYDRA_1_0_8_BIN' },
  versionSetting: 'github.com/ory/hydra/cmd.Version=v1.0.8',
};
/** The running version would be refused every client that it writes. */
const REFUSED = 'ALTER TABLE hydra_client ALTER COLUMN metadata SET NOT NULL';

/** Entry of `npm run unseen`: what the plan in place makes of a Hydra that nothing here was written for. It is compiled, which takes minutes. */
async function main(): Promise<void> {
  const context = toolContext({ progress: say });
  const oldest = (await findGoProgram(OLDEST, context, join(__dirname, 'go'))).path;
  // Its driver knows no SCRAM.
  const cluster = await OwnCluster.start(15, { tls: false, access: 'host all all 127.0.0.1/32 trust\n' });
  try {
    await cluster.asSuperuser('CREATE DATABASE scratch');
    const known = await planOf(cluster, [await resolveHydra('1.3.2'), ...migrateArgs]);
    const unseen = await planOf(cluster, [oldest, ...migrateArgs]);
    say(`Hydra 1.3.2 to 1.11.10: ${known.plan.acts.length} acts, ${known.refused.length} refused`);
    say(`Hydra 1.0.8 to 1.11.10: ${unseen.plan.acts.length} acts, ${unseen.refused.length} refused`);
    for (const { statement, why } of unseen.refused) say(`  ${statement}: ${why}`);
    const differing = compareFacts(known.after, unseen.after).length;
    say(`in ${differing} things another schema is made of it than of 1.3.2`);
    const isAsKnown = known.refused.length === 0 && differing === 0;
    if (isAsKnown && unseen.refused.length === 1 && unseen.refused[0]?.statement === REFUSED) return;
    process.exitCode = 1;
  } finally {
    await cluster.stop();
  }
}

async function planOf({ host, port, superuser }: OwnCluster, migrateOld: readonly string[]): Promise<VendorPlan> {
  const side = {
    host,
    port,
    name: 'scratch',
    user: superuser.user,
    password: () => '',
    ssl: { mode: 'disable' },
  } as const;
  const command = (argv: readonly string[]) => ({
    ...{ path: 'inPlace.commands', argv: [...argv], secretEnv: {}, timeoutMs: MIGRATE_MS },
    env: { SECRETS_SYSTEM: 'secret-of-nobody-at-all', SQA_OPT_OUT: 'true' },
  });
  const migrateNew = [await resolveHydra('1.11.10'), ...HYDRA_LAUNCH_FACTS['1.11.10'].migrateArgs];
  const deps: Partial<InPlaceDeps> = {
    databases: new PostgresDatabases<InPlaceDatabase>({
      sides: { live: side, scratch: side },
      provider: { describeInstance: () => Promise.resolve(undefined) },
    }),
    commands: new ProcessCommandRunner<InPlaceCommand>({
      commands: { migrateOld: command(migrateOld), migrateNew: command(migrateNew) },
    }),
    startRecorder: () => startRecorder({ host, port, ssl: { mode: 'disable' } }),
    withScratchPassword: (use) => use('none'),
    settings: { from: '1.3.2', to: '1.11.10' } as InPlaceDeps['settings'],
  };
  const context = {
    signal: new AbortController().signal,
    attempt: 1,
    heartbeat: () => undefined,
    lastProgress: undefined,
  };
  return readVendorPlan(deps as InPlaceDeps, context);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
