import { beforeAndAfterBlock, pauseBlock } from '../../domain/evidence/green-facts';
import { phaseBars } from '../../domain/evidence/cutover-page';
import { fact } from '../../domain/evidence/words';
import { type Block, blocksOf, type Page, type PageVerdict } from '../../domain/page/page';
import { type DemoReport, type InPlaceSummary } from './demo-report';
import { type InPlaceDemoReport } from './run-in-place';

/** The end of the demo of an upgrade, for people. */
export function demoPage(report: DemoReport): Page {
  const { traffic, oracle, ledger, parity, switchover } = report;
  return {
    title: `The demo of ${report.cutoverId}: ${report.outcome}`,
    verdict: verdictOf(report),
    facts: [
      fact(
        'pause at the switchover',
        `longest ${traffic.pauseMs.longest} ms, p50 ${traffic.pauseMs.p50} ms, p99 ${traffic.pauseMs.p99} ms over ${traffic.pauseMs.requests} requests (budget ${traffic.pauseBudgetMs} ms)`,
      ),
      fact(
        'requests',
        `${number(traffic.requests)} at ${traffic.requestsPerSecond}/s, ${traffic.writesPerSecond} confirmed writes/s; failed: ${traffic.failedRequests}`,
      ),
      fact(
        'made during the run',
        `${traffic.grants} grants, ${traffic.rotations} rotations, ${traffic.revocations} revocations; logins begun anew: ${traffic.loginsBegunAnew}`,
      ),
      fact(
        'oracle',
        `${oracle.checked} promises checked; lost ${oracle.confirmedButLost}, revived ${oracle.revokedButActive}, refused ${oracle.activeButRefused}, changed ${oracle.changed}, unstable ${oracle.unstable}, not observed ${oracle.unobserved}`,
      ),
      fact(
        'switchover',
        `attempts ${switchover.attempts}, requests held for ${switchover.holdMs} ms, writes that met a guard ${switchover.refusedWrites ?? 'unknown'}`,
      ),
      fact('targets', report.targets.map(({ name, epoch }) => `${name} on epoch ${epoch}`).join(', ')),
      fact('approvals', report.approvals.map(({ gate, decision, by }) => `${gate} ${decision} by ${by}`).join(', ')),
      fact(
        'revocations',
        `captured ${ledger.captured}, applied ${ledger.applied}, missing ${ledger.missing}${kinds(ledger.byKind)}`,
      ),
      fact('parity', `${number(parity.rows)} rows compared, ${parity.differences} differences`),
    ],
    blocks: blocksOf(
      checksBlock(report),
      beforeAndAfterBlock(report.hydra.before, report.hydra.after),
      ...(report.inPlace === undefined ? [] : inPlaceBlocks(report.inPlace, 'In place: ')),
      phasesBlock(report.phases),
      pauseBlock(switchover.stepsMs),
      {
        kind: 'list',
        title: 'Not carried, and cleaned',
        items: [
          ...report.notCarried.map(({ what, count, why }) => `not carried: ${count} ${what} (${why})`),
          ...report.cleaning
            .filter(({ rows }) => rows > 0)
            .map(({ id, rows, archived }) => `rule ${id}: ${rows} rows cleaned, ${archived} archived`),
        ],
      },
    ),
  };
}

/** The end of the demo of an upgrade in place alone. */
export function inPlaceDemoPage(report: InPlaceDemoReport): Page {
  const { traffic } = report;
  return {
    title: `The demo of an upgrade in place: ${report.outcome}`,
    verdict: verdictOf(report),
    facts: [
      fact(
        'requests',
        `${number(traffic.requests)} at ${traffic.requestsPerSecond}/s; failed: ${traffic.failedRequests}`,
      ),
    ],
    blocks: blocksOf(checksBlock(report), ...inPlaceBlocks(report)),
  };
}

type Ended = Pick<DemoReport, 'ok' | 'checks' | 'outcome'>;

function verdictOf({ ok, checks, outcome }: Ended): PageVerdict {
  const failed = checks.filter(({ held }) => !held);
  return {
    state: ok ? 'good' : 'bad',
    text: `${checks.length - failed.length} of ${checks.length} checks held; outcome ${outcome}.`,
    reasons: failed.map(({ claim, observed }) => `${claim}: ${observed}`),
  };
}

function checksBlock({ checks }: Pick<DemoReport, 'checks'>): Block {
  return {
    kind: 'table',
    title: 'Checks',
    head: ['', 'what was seen'],
    rows: checks.map(({ claim, held, observed }) => [held ? 'ok' : 'FAIL', `${claim}: ${observed}`]),
  };
}

function inPlaceBlocks({ phases, shares }: InPlaceSummary, which = ''): readonly Block[] {
  return [
    phasesBlock(phases, which),
    {
      kind: 'table',
      title: capital(`${which}shares of the new version`),
      head: ['share', 'verdict', 'what was seen'],
      rows: shares.map(({ share, verdict, requests, serverErrors, problems }) => [
        `${share} %`,
        verdict,
        [`${requests} requests, ${serverErrors} server errors`, ...problems].join('; '),
      ]),
    },
  ];
}

function phasesBlock(phases: DemoReport['phases'], which = ''): Block {
  return {
    kind: 'bars',
    title: capital(`${which}phases`),
    unit: 's',
    bars: phaseBars(phases),
  };
}

function kinds(byKind: Readonly<Record<string, number>>): string {
  const list = Object.entries(byKind).map(([kind, count]) => `${kind} ${count}`);
  return list.length === 0 ? '' : ` (${list.join(', ')})`;
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
