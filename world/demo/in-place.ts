import { type Report as CutoverReport } from '../../domain/receipts';
import { type World } from '../up';
import { driveUpgrade } from './drive-upgrade';
import { type Report } from './report';
import { type DemoOptions } from './run-demo';

/**
 * What a population leaves out that begins on Hydra 1.3.2: it trusts no issuers and knows no lifetimes of a client's tokens, and reuse
 * means another thing to it (a refused request, where 1.11 ends the chain).
 */
export const FROM_THE_OLDER = {
  jwt_bearer: 0,
  set_lifespans: 0,
  reuse_refresh_token: 0,
  delete_tokens_of_client: 0,
} as const;

/** Blue to its own version while it serves, through the CLI. */
export async function upgradeInPlace(world: World, report: Report, options: DemoOptions): Promise<CutoverReport> {
  const { info } = world;
  const { configFile, env } = info.cutover;
  const { manual, signal } = options;
  const say = (line: string) => report.note(line);
  const { report: ended } = await report.step('upgrade of Hydra 1.3.2 to 1.11.10 in place', () =>
    driveUpgrade({ info, configFile, env, manual, inPlace: true, say, signal }),
  );
  for (const { share, verdict, requests } of ended.inPlace?.shares ?? []) {
    report.note(`share ${String(share).padStart(3)} %  ${verdict}, ${requests} requests at the new version`);
  }
  return ended;
}

/** The promises of an upgrade in place, each with what was observed. */
export function checkInPlace(ended: CutoverReport, report: Report): void {
  const { outcome, cause, inPlace } = ended;
  report.check('the upgrade in place completed', outcome === 'completed', cause?.message ?? outcome);
  const { plan = null, online = null, bookkeeping = null, shares = [], beside = null } = inPlace ?? {};
  report.check(
    'every statement of the new version was done beside the traffic',
    plan !== null && online?.acts === plan.online.acts.length,
    `${online?.acts ?? 0} of ${plan?.online.acts.length ?? 0} acts`,
  );
  report.check(
    "the schema is the vendor's own, and nothing is pending",
    bookkeeping?.pending === 0 && bookkeeping.versions === plan?.online.bookkeeping.versions.length,
    `${bookkeeping?.versions ?? 0} versions, ${bookkeeping?.pending ?? 'an unknown number'} pending`,
  );
  report.check(
    'tokens of each version are good at the other',
    beside !== null,
    beside?.proven.join('; ') ?? 'not proven',
  );
  const clean = new Set(shares.filter(({ verdict }) => verdict === 'clean').map(({ share }) => share));
  report.check(
    'the traffic moved in steps, each one judged',
    plan?.shares.every((share) => clean.has(share)) === true && shares.every(({ verdict }) => verdict !== 'bad'),
    shares.map(({ share, verdict }) => `${share} % ${verdict}`).join(', ') || 'not at all',
  );
}
