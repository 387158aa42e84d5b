import { type TrafficReport } from '../traffic';
import { committedSwitchover, failedRequests, type Pause } from './demo-report';
import { type Report as CutoverReport } from '../../domain/receipts';
import { type Report } from './report';

interface Seen {
  readonly upgrade: { readonly report: CutoverReport };
  readonly pause: Pause;
  readonly clients: TrafficReport;
}

/** The promises of an upgrade, each with what was observed. */
export function checkUpgrade({ upgrade, pause, clients }: Seen, report: Report): void {
  const { report: cutover } = upgrade;
  report.check('the upgrade completed', cutover.outcome === 'completed', cutover.cause?.message ?? cutover.outcome);
  checkTraffic(clients, report);
  const committed = committedSwitchover(cutover);
  report.check(
    'no write met the fence',
    committed?.refused === 0,
    committed === undefined ? 'nothing was committed' : `${committed.refused ?? 'an unknown number'} refused`,
  );
  const { drain, parity, plan } = cutover;
  report.check(
    'every revocation captured on blue is applied on green',
    drain !== null && drain.missing === 0 && drain.undoneChanges === 0 && drain.captured === drain.applied,
    drain === null ? 'no proof' : `${drain.captured} captured, ${drain.applied} applied, ${drain.missing} missing`,
  );
  report.check(
    'green equals blue, row by row',
    parity !== null && parity.differences === 0 && parity.rows > 0,
    parity === null ? 'not compared' : `${parity.rows} rows, ${parity.differences} differences`,
  );
  const budgetMs = plan?.switchover.pauseBudgetMs ?? 0;
  const beyond = pause.longest > budgetMs ? `; clients of this machine wait ${pause.usual} ms in any case` : '';
  const users = cutover.validation?.canaryUser;
  report.check(
    'Users stay logged in',
    users?.state === 'held' && users.beforeSnapshot,
    users === undefined
      ? 'nobody was followed'
      : `one who logged in on blue at ${users.loggedInAt}: ${users.why ?? users.steps.map(({ step, state }) => `${step} ${state}`).join(', ')}`,
  );
  report.check(
    'the pause stayed within its budget',
    // A request that is released takes as long as any other on this machine.
    committed !== undefined && pause.longest <= budgetMs + pause.usual && committed.holdMs <= budgetMs,
    `longest wait ${pause.longest} ms, held ${committed?.holdMs ?? 0} ms, budget ${budgetMs} ms${beyond}`,
  );
  const epochs = new Set(committed?.targets.map(({ epoch }) => epoch));
  report.check(
    'all targets serve the same epoch',
    committed !== undefined && epochs.size === 1 && epochs.has(committed.epoch),
    committed?.targets.map(({ name, epoch }) => `${name} ${epoch}`).join(', ') ?? 'none flipped',
  );
}

/** What clients saw, and what became of every promise that they were given. */
export function checkTraffic(clients: TrafficReport, report: Report): void {
  const { verdict } = clients;
  const failed = failedRequests(clients);
  const seen = [`${failed} of ${clients.traffic.requests} requests`, ...failureLines(clients)];
  report.check('no client saw a failure', failed === 0, seen.join('; '));
  report.check(
    'the oracle found every promise kept',
    verdict?.clean === true,
    verdict === undefined
      ? 'no verdict'
      : `${verdict.checked} checked, ${verdict.confirmedButLost} lost, ${verdict.revokedButActive} revived, ${verdict.activeButRefused} refused, ${verdict.changed} changed, ${verdict.unstable} unstable, ${verdict.unobserved} not observed`,
  );
}

/** What failed, and how often. */
function failureLines({ traffic }: TrafficReport): string[] {
  const counts = new Map<string, number>();
  for (const { operation, outcome, reason } of traffic.failures) {
    const line = `${operation} ${outcome}: ${reason}`;
    counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  return [...counts].map(([line, count]) => `${line} (${count} of the first ${traffic.failures.length})`);
}
