import { join } from 'node:path';
import { hydraDsn, hydraProcess } from '../hydra';
import { freePort } from '../net/free-port';
import { OauthHttp, createOauthClient } from '../oauth';
import { resolveHydra } from '../toolchain';
import { type World, rdsClient, worldHttp } from '../up';
import { setTimeout as sleep } from 'node:timers/promises';
import { renderTrafficSummary } from '../traffic';
import { checkTraffic } from './check-traffic';
import { startTraffic } from './run-traffic';
import { seedHistory } from './seed-history';
import { compareSides, countActive } from './compare-sides';
import { grantAt, makeGrants, tokensOf } from './make-grants';
import { type Report } from './report';
import { restoreSnapshot, takeSnapshot } from './restore-copy';

const SNAPSHOT = 'demo-snapshot';
const COPY = 'green';
const SEEDED_GRANTS = 50_000;
const TRAFFIC_MS = 20_000;

/** The demo's steps on a world that is up; the verdict is in `report`. */
export async function runDemo(world: World, report: Report, signal: AbortSignal): Promise<void> {
  const { info } = world;
  const wait = { signal, logFile: join(info.logsDir, 'rds.log') };
  const blue = worldHttp(info.oauth);
  const rds = rdsClient(info.rds);
  let copy: OauthHttp | undefined;
  try {
    const history = await report.step('history on blue', () => seedHistory(world, SEEDED_GRANTS));
    report.note(`${history.grants} grants, ${Object.values(history.rows).reduce((sum, n) => sum + n, 0)} rows`);
    const grants = await report.step('grants on blue', () => makeGrants(blue));
    report.note(
      `${grants.count} authorization-code grants, ${grants.live.length} tokens in force, ${grants.dead.length} ended`,
    );
    const traffic = await report.step('traffic begins', () => startTraffic(world));
    const enough = sleep(TRAFFIC_MS, undefined, { signal });
    enough.catch(() => undefined);
    await report.step('snapshot of blue under traffic', () =>
      takeSnapshot(rds, info.blue.instance.identifier, SNAPSHOT, wait),
    );
    const late = await report.step('one more grant on blue', () => lateGrant(blue));
    const where = await report.step('restore beside it', () => restoreSnapshot(rds, SNAPSHOT, COPY, wait));
    copy = await report.step('a second Hydra on the copy', () => startCopy(world, where));
    const second = copy;
    await report.step('compare', async () => {
      await compareSides(blue, second, grants, report);
      const onBlue = await countActive(blue, late);
      const onCopy = await countActive(second, late);
      report.check(
        'a grant made after the snapshot is on blue only',
        onBlue === late.length && onCopy === 0,
        `${onBlue} tokens active on blue, ${onCopy} on the copy, of ${late.length}`,
      );
    });
    await report.step('traffic goes on', () => enough);
    const clients = await report.step('traffic ends, the oracle asks about every promise', () => traffic.finish());
    checkTraffic(clients, report);
    report.note(`\n${renderTrafficSummary(clients)}`);
  } finally {
    rds.destroy();
    await blue.close();
    await copy?.close();
  }
}

/** Proves that the copy is one: it must not know these tokens. */
async function lateGrant(http: OauthHttp): Promise<string[]> {
  const client = await createOauthClient(http, { id: 'demo-late' });
  return tokensOf(await grantAt(http, client, 'margaret'));
}

async function startCopy(world: World, where: { host: string; port: number }): Promise<OauthHttp> {
  const { blue } = world.info;
  const { version, issuer, secretsSystem, pairwiseSalt } = blue.hydra;
  const { name: database, user: role, password } = blue.database;
  const [publicPort, adminPort] = [await freePort(), await freePort()];
  await world.supervisor.start(
    hydraProcess({
      name: 'green-hydra',
      version,
      binary: await resolveHydra(version),
      launch: {
        dsn: hydraDsn(where.host, where.port, { role, password, database }),
        secretsSystem,
        pairwiseSalt,
        publicPort,
        adminPort,
        issuer,
        loginUrl: `${issuer}login`,
        consentUrl: `${issuer}consent`,
        logoutUrl: `${issuer}logout`,
      },
    }),
  );
  const endpoints = { publicUrl: `http://127.0.0.1:${publicPort}`, adminUrl: `http://127.0.0.1:${adminPort}`, issuer };
  return new OauthHttp({ ...endpoints, adminPrefix: '' }, { forwardedProto: blue.hydra.needsForwardedProto });
}
