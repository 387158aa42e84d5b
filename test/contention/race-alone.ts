import { randomBytes } from 'node:crypto';
import { hydraDsn } from '../../world/hydra';
import { OauthHttp } from '../../world/oauth';
import { seededRandom } from '../integration/hydra/sync/history';
import { asAdmin } from '../support/database';
import { startHydra } from '../support/hydra';
import { sharedServers } from '../support/shared-servers';
import { until } from '../support/until';
import { NO_LOGIN_APP } from './lab/prepared-pair';
import { ContendedTraffic } from './traffic/contended-traffic';
import { Tally, type TallySummary } from './traffic/tally';

export interface AloneOptions {
  /** At each version. */
  readonly operations: number;
  readonly seed: number;
  readonly signal: AbortSignal;
}

/** The races at each Hydra with nothing in between: whatever it answers is right, and the specification has to accept it. */
export async function raceAlone({ operations, seed, signal }: AloneOptions): Promise<number> {
  let isAccepted = true;
  for (const version of ['1.11.10', '2.3.0'] as const) {
    const summary = await raceAt(version, seed, (tally) => tally.operations >= operations || signal.aborted);
    const answers = Object.entries(summary.answers).sort(([one], [other]) => one.localeCompare(other));
    process.stdout.write(
      [
        `Hydra ${version}: ${summary.operations} operations on ${summary.grants} grants, ${summary.contended} contended; ` +
          `not accepted ${summary.broken}, undecided ${summary.undecided}, failed ${summary.failed} ${JSON.stringify(summary.failures)}`,
        ...answers.map(([answer, times]) => `  ${answer}  ${times}`),
        ...summary.shown,
        '',
      ].join('\n'),
    );
    isAccepted &&= summary.broken + summary.undecided + summary.failed === 0 && summary.grants > 0;
  }
  return isAccepted ? 0 : 1;
}

async function raceAt(
  version: '1.11.10' | '2.3.0',
  seed: number,
  isEnough: (tally: TallySummary) => boolean,
): Promise<TallySummary> {
  const { host, port, user, password } = sharedServers().postgres;
  const database = `alone_${randomBytes(4).toString('hex')}`;
  await asAdmin(`CREATE DATABASE ${database} TEMPLATE template_hydra_${version.replaceAll('.', '_')}`);
  const extra = { DSN: hydraDsn(host, port, { role: user, password, database }) };
  const config = { ...sharedServers().postgres, database };
  const hydra = await startHydra({ version, database: config, loginAppUrl: NO_LOGIN_APP, extra });
  const doors = ['one', 'other'].map((name) => ({ name, http: new OauthHttp(hydra, { forwardedProto: true }) }));
  const tally = new Tally();
  try {
    // The first one to ask waits for keys.
    await doors[0]?.http.send({
      operation: 'keys',
      method: 'GET',
      url: doors[0].http.publicUrl('/.well-known/jwks.json'),
    });
    const random = seededRandom(seed);
    const traffic = new ContendedTraffic({ doors, tally, random, grants: 12, racesMax: 6, pauseMs: 50 });
    await until('enough operations', () => isEnough(tally.summary), { timeoutMs: 3_600_000 }).finally(() =>
      traffic.stop(),
    );
    return tally.summary;
  } finally {
    for (const { http } of doors) await http.close();
    await hydra.stop();
    await asAdmin(`DROP DATABASE ${database} WITH (FORCE)`);
  }
}
