import { readRuns } from '../../adapters/temporal-history';
import { type Config } from '../../config/schema';
import { reportHtml } from '../../domain/evidence/report-html';
import { reportPage } from '../../domain/evidence/report-page';
import { CutoverFault, isCutoverFault } from '../../domain/faults';
import { pageMarkdown } from '../../domain/page/markdown';
import { pageText } from '../../domain/page/text';
import { type Report } from '../../domain/receipts';
import { note, printJson, widthOf, type CliContext } from '../context';
import { withCutover } from './cutover-session';
import { loadForTemporal, type EnvironmentOptions } from './environment-options';
import { exitCodeOf } from './exit-code';
import { keptReports } from './kept-reports';
import { askIfPossible } from './ask-if-possible';
import { isTakenBack } from './databases-tale';
import { isEndedByForce, look, type Look } from './look';

export interface ReportOptions extends EnvironmentOptions {
  /** Cutover id. */
  readonly run?: string;
  readonly format: 'text' | 'markdown' | 'html';
}

/**
 * @throws CutoverFault CUTOVER_RUNNING | CUTOVER_UNKNOWN | NO_WORKER | UNDO_INCOMPLETE (ended by force) | TEMPORAL_UNREACHABLE |
 *   REPORT_UNREADABLE
 */
export async function runReport(options: ReportOptions, context: CliContext): Promise<number> {
  const config = loadForTemporal(options, context);
  const { run } = options;
  const report = run === undefined ? await latest(config, options, context) : await ofRun(config, context, run);
  const exitCode = exitCodeOf(report);
  if (options.json) printJson(context, { verb: 'report', ok: exitCode === 0, report });
  else context.stdout.write(drawn(report, options.format, widthOf(context.stdout)));
  return exitCode;
}

function drawn(report: Report, format: ReportOptions['format'], width: number): string {
  if (format === 'html') return reportHtml(report);
  const page = reportPage(report);
  return format === 'markdown' ? `## ${page.title}\n\n${pageMarkdown(page, 3)}\n` : `${pageText(page, width)}\n`;
}

/** Temporal knows whether one is under way; what it no longer keeps, the folder may. */
async function latest(config: Config, options: ReportOptions, context: CliContext): Promise<Report> {
  try {
    return await withCutover(config, context.env, async (session) => {
      const seen = await look(session);
      if (seen.report !== null) return seen.report;
      const [kept] = await keptReports(config, context, ({ cutoverId }) => cutoverId === seen.runId);
      if (kept === undefined && isEndedByForce(seen.temporal)) throw await endedByForce(seen, options, context);
      if (kept === undefined) throw withoutReport(seen, session.taskQueue);
      return kept.report;
    });
  } catch (error) {
    if (!isCutoverFault(error) || !FORGOTTEN.has(error.code)) throw error;
    const [kept] = await keptReports(config, context, () => true);
    if (kept === undefined) throw error;
    note(context, `${error.message}\nthe latest report in report.to: ${kept.path}\n`);
    return kept.report;
  }
}

/** Temporal does not answer, or lost it. */
const FORGOTTEN: ReadonlySet<string> = new Set(['CUTOVER_UNKNOWN', 'TEMPORAL_UNREACHABLE']);
/** As many as `history` lists at most. */
const RUNS_MAX = 200;

async function ofRun(config: Config, context: CliContext, run: string): Promise<Report> {
  const [kept] = await keptReports(config, context, ({ cutoverId }) => cutoverId === run);
  if (kept !== undefined) return kept.report;
  const environment = config.environment.name;
  return withCutover(config, context.env, async ({ client }) => {
    const runs = await readRuns(client, environment, RUNS_MAX);
    const found = runs.find((one) => one.report?.cutoverId === run || one.runId === run);
    if (found?.report != null) return found.report;
    if (found?.outcome === null) throw neverWritten(found.workflowId, run);
    throw new CutoverFault(
      'CUTOVER_UNKNOWN',
      `neither report.to nor the latest ${RUNS_MAX} runs that Temporal keeps have a report of run ${run} of ${environment}; \`hydra-cutover history\` lists what there is`,
    );
  });
}

/** `history` lists it all the same, by the id that it had as a run. */
function neverWritten(workflowId: string, run: string): CutoverFault {
  return new CutoverFault(
    'CHECK_FAILED',
    `run ${run} of ${workflowId} was terminated and wrote no report; run \`hydra-cutover status --from-databases\` to see what is left of it`,
  );
}

/** What `repair` did since then no run can tell. The databases do, where whoever asks may look at them. */
async function endedByForce(seen: Look, options: ReportOptions, context: CliContext): Promise<CutoverFault> {
  const { workflowId, temporal } = seen;
  const tale = await askIfPossible(options, context, seen);
  const ended = `${workflowId} was ended by force (${temporal}): it undid nothing itself, and wrote no report`;
  if (tale === undefined) {
    return new CutoverFault(
      'UNDO_INCOMPLETE',
      `${ended}; whether \`repair\` brought it to an end since is not known: look at both sides with \`hydra-cutover status --from-databases\` before anything else`,
    );
  }
  if (isTakenBack(tale)) {
    return new CutoverFault('CHECK_FAILED', `${ended}; nothing of it is left on blue's database, and blue serves`);
  }
  if (tale.isFinalized === true) {
    // Named, because a run that was started here afterwards is another one.
    const what = `cutover ${tale.cutoverId} was brought to its end since: ${tale.phase}`;
    return new CutoverFault('CHECK_FAILED', `${ended}; by the databases, ${what}`);
  }
  return new CutoverFault('UNDO_INCOMPLETE', `${ended}. By the databases: ${tale.phase}. ${tale.next.join('; ')}`);
}

function withoutReport({ workflowId, temporal, phase }: Look, taskQueue: string): CutoverFault {
  if (temporal === 'RUNNING') {
    const where = phase === null ? '' : `, phase ${phase}`;
    return new CutoverFault(
      'CUTOVER_RUNNING',
      `${workflowId} is still under way${where}; the report comes with its end`,
    );
  }
  if (temporal === 'CANCELED') {
    return new CutoverFault(
      'NO_WORKER',
      `the report of a cancelled run takes a worker on task queue ${taskQueue}; start one`,
    );
  }
  return new CutoverFault(
    'REPORT_UNREADABLE',
    `${workflowId} has ended (${temporal}), and Temporal keeps no report of it`,
  );
}
