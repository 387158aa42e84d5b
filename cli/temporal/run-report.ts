import { CutoverFault } from '../../domain/faults';
import { reportPage } from '../../domain/evidence/report-page';
import { pageText } from '../../domain/page/text';
import { printJson, widthOf, type CliContext } from '../context';
import { withCutover } from './cutover-session';
import { loadForTemporal, type EnvironmentOptions } from './environment-options';
import { exitCodeOf } from './exit-code';
import { look, type Look } from './look';

/** @throws CutoverFault CUTOVER_RUNNING | CUTOVER_UNKNOWN | NO_WORKER | UNDO_INCOMPLETE (ended by force) */
export async function runReport(options: EnvironmentOptions, context: CliContext): Promise<number> {
  const config = loadForTemporal(options, context);
  return withCutover(config, context.env, async (session) => {
    const seen = await look(session);
    const { report } = seen;
    if (report === null) throw withoutReport(seen, session.taskQueue);
    const exitCode = exitCodeOf(report);
    if (options.json) printJson(context, { verb: 'report', ok: exitCode === 0, report });
    else context.stdout.write(`${pageText(reportPage(report), widthOf(context.stdout))}\n`);
    return exitCode;
  });
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
    'UNDO_INCOMPLETE',
    `${workflowId} was ended by force (${temporal}): nothing was undone and there is no report; look at both sides with \`hydra-cutover status --from-databases\` before anything else: it says whether \`repair\` is needed`,
  );
}
