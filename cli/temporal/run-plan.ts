import { planPage } from '../../domain/evidence/plan-page';
import { pageText, wrapped } from '../../domain/page/text';
import { type Plan } from '../../domain/receipts';
import type * as workerModule from '../../workers/cli';
import { printJson, widthOf, type CliContext } from '../context';
import { configFile, type EnvironmentOptions } from './environment-options';

/** @returns 0 @throws CutoverFault CHECK_FAILED with every problem */
export async function runPlan(options: EnvironmentOptions, context: CliContext): Promise<number> {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { planLocally } = require('../../workers/cli') as typeof workerModule;
  const { env, cwd, logger } = context;
  const plan = await planLocally({ env, cwd, logger, set: options.set ?? [], ...configFile(options, context) });
  if (options.json) printJson(context, { verb: 'plan', ok: true, plan });
  else context.stdout.write(renderPlan(plan, widthOf(context.stdout)));
  return 0;
}

function renderPlan(plan: Plan, width: number): string {
  const lines = [
    pageText(planPage(plan), width),
    '',
    // Whole, so that it can be copied.
    `config ${plan.configDigest}`,
    ...wrapped(
      'nothing was changed; `hydra-cutover start --config-digest DIGEST` begins, with the config as it is now. The commit has no way back.',
      width,
    ),
  ];
  return `${lines.join('\n')}\n`;
}
