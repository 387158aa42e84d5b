import { inPlacePlanPage } from '../../domain/evidence/in-place-page';
import { planPage } from '../../domain/evidence/plan-page';
import { pageText, wrapped } from '../../domain/page/text';
import { type InPlacePlan } from '../../domain/in-place/receipts';
import { type Plan } from '../../domain/receipts';
import type * as workerModule from '../../workers/cli';
import { printJson, widthOf, type CliContext } from '../context';
import { configFile, type EnvironmentOptions } from './environment-options';

export interface PlanVerbOptions extends EnvironmentOptions {
  readonly inPlace: boolean;
}

/** @returns 0 @throws CutoverFault CHECK_FAILED with every problem */
export async function runPlan(options: PlanVerbOptions, context: CliContext): Promise<number> {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { planLocally, planInPlaceLocally } = require('../../workers/cli') as typeof workerModule;
  const { env, cwd, logger } = context;
  const where = { env, cwd, logger, set: options.set ?? [], ...configFile(options, context) };
  if (options.inPlace) {
    const inPlace = await planInPlaceLocally(where);
    if (options.json) printJson(context, { verb: 'plan', ok: true, inPlace });
    else context.stdout.write(renderInPlacePlan(inPlace, widthOf(context.stdout)));
    return 0;
  }
  const plan = await planLocally(where);
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

function renderInPlacePlan(plan: InPlacePlan, width: number): string {
  const lines = [
    pageText(inPlacePlanPage(plan), width),
    '',
    `config ${plan.configDigest}`,
    ...wrapped(
      'nothing was changed; `hydra-cutover start --in-place --config-digest DIGEST` begins, with the config as it is now.',
      width,
    ),
  ];
  return `${lines.join('\n')}\n`;
}
