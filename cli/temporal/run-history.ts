import { type FoundReport } from '../../adapters/report-folder';
import { readRuns } from '../../adapters/temporal-history';
import { type Config } from '../../config/schema';
import { durationText } from '../../domain/evidence/words';
import { isCutoverFault } from '../../domain/faults';
import { type PastRun } from '../../domain/ports/run-history';
import { note, printJson, type CliContext } from '../context';
import { withCutover } from './cutover-session';
import { loadForTemporal, type EnvironmentOptions } from './environment-options';
import { keptReports } from './kept-reports';

export interface HistoryOptions extends EnvironmentOptions {
  readonly limit: number;
}

/** A run, and the file that keeps its report; null: none here. */
type Listed = PastRun & { readonly file: string | null };

/** @throws CutoverFault TEMPORAL_UNREACHABLE */
export async function runHistory(options: HistoryOptions, context: CliContext): Promise<number> {
  const config = loadForTemporal(options, context);
  const environment = config.environment.name;
  return withCutover(config, context.env, async ({ client, workflowId }) => {
    const known = await readRuns(client, environment, options.limit);
    const runs = withKept(known, await readable(config, context), workflowId).slice(0, options.limit);
    if (options.json) printJson(context, { verb: 'history', ok: true, environment, runs: runs.map(shortened) });
    else context.stdout.write(renderHistory(environment, runs));
    return 0;
  });
}

/** Whoever looks may not have the folder: then what Temporal says is all there is. */
async function readable(config: Config, context: CliContext): Promise<readonly FoundReport[]> {
  try {
    return await keptReports(config, context, () => true);
  } catch (error) {
    if (!isCutoverFault(error)) throw error;
    note(context, `${error.message}\n`);
    return [];
  }
}

/** What Temporal knows, and besides it the kept reports of runs that it has forgotten. */
function withKept(known: readonly PastRun[], kept: readonly FoundReport[], workflowId: string): readonly Listed[] {
  const files = new Map(kept.map(({ report, path }) => [report.cutoverId, { report, path }]));
  const listed = known.map((run): Listed => {
    const found = files.get(run.report?.cutoverId ?? run.runId);
    files.delete(run.report?.cutoverId ?? run.runId);
    return { ...run, report: run.report ?? found?.report ?? null, file: found?.path ?? null };
  });
  const forgotten = [...files.values()].map(({ report, path }): Listed => {
    const { cutoverId, mode, outcome, startedAt, endedAt } = report;
    return { workflowId, runId: cutoverId, mode, outcome, startedAt, endedAt, report, file: path };
  });
  return [...listed, ...forgotten].sort((one, other) => other.startedAt.localeCompare(one.startedAt));
}

function shortened({ report, ...run }: Listed) {
  return {
    ...run,
    cutoverId: report?.cutoverId ?? null,
    findings: report?.findings?.length ?? null,
    phases: report?.phases ?? [],
  };
}

function renderHistory(environment: string, runs: readonly Listed[]): string {
  if (runs.length === 0) return `${environment}: no run has ended yet\n`;
  return runs.map(renderRun).join('');
}

function renderRun({ runId, mode, outcome, startedAt, endedAt, report, file }: Listed): string {
  const tookMs = Date.parse(endedAt) - Date.parse(startedAt);
  const found =
    report?.findings === undefined || report.mode !== 'rehearse' ? '' : `, ${report.findings.length} findings`;
  const head = `${startedAt} ${report?.inPlace === undefined ? (mode ?? 'unknown mode') : 'in place'}: ${outcome ?? 'ended by force'}${found}, took ${durationText(tookMs)} (${runId})`;
  const phases = (report?.phases ?? []).map(({ name, durationMs }) => `${name} ${durationText(durationMs)}`);
  const kept = file === null ? '' : `  ${file}\n`;
  return `${head}\n${phases.length === 0 ? '' : `  ${phases.join(', ')}\n`}${kept}`;
}
