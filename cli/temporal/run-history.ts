import { readRuns } from '../../adapters/temporal-history';
import { durationText } from '../../domain/evidence/words';
import { type PastRun } from '../../domain/ports/run-history';
import { printJson, type CliContext } from '../context';
import { withCutover } from './cutover-session';
import { loadForTemporal, type EnvironmentOptions } from './environment-options';

export interface HistoryOptions extends EnvironmentOptions {
  readonly limit: number;
}

/** @throws CutoverFault TEMPORAL_UNREACHABLE */
export async function runHistory(options: HistoryOptions, context: CliContext): Promise<number> {
  const config = loadForTemporal(options, context);
  const environment = config.environment.name;
  return withCutover(config, context.env, async ({ client }) => {
    const runs = await readRuns(client, environment, options.limit);
    if (options.json) printJson(context, { verb: 'history', ok: true, environment, runs: runs.map(shortened) });
    else context.stdout.write(renderHistory(environment, runs));
    return 0;
  });
}

function shortened({ report, ...run }: PastRun) {
  return {
    ...run,
    cutoverId: report?.cutoverId ?? null,
    findings: report?.findings?.length ?? null,
    phases: report?.phases ?? [],
  };
}

function renderHistory(environment: string, runs: readonly PastRun[]): string {
  if (runs.length === 0) return `${environment}: no run has ended yet\n`;
  return runs.map(renderRun).join('');
}

function renderRun({ runId, mode, outcome, startedAt, endedAt, report }: PastRun): string {
  const tookMs = Date.parse(endedAt) - Date.parse(startedAt);
  const found =
    report?.findings === undefined || report.mode !== 'rehearse' ? '' : `, ${report.findings.length} findings`;
  const head = `${startedAt} ${mode ?? 'unknown mode'}: ${outcome ?? 'ended by force'}${found}, took ${durationText(tookMs)} (${runId})`;
  const phases = (report?.phases ?? []).map(({ name, durationMs }) => `${name} ${durationText(durationMs)}`);
  return `${head}\n${phases.length === 0 ? '' : `  ${phases.join(', ')}\n`}`;
}
