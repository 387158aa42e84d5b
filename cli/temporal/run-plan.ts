import { inPlacePlanPage } from '../../domain/evidence/in-place-page';
import { planPage } from '../../domain/evidence/plan-page';
import { type Page } from '../../domain/page/page';
import { pageText, wrapped } from '../../domain/page/text';
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
  const show = (page: Page, configDigest: string, then: string) =>
    context.stdout.write(rendered(page, configDigest, then, widthOf(context.stdout)));
  const where = { env, cwd, logger, set: options.set ?? [], ...configFile(options, context) };
  if (options.inPlace) {
    const inPlace = await planInPlaceLocally(where);
    if (options.json) printJson(context, { verb: 'plan', ok: true, inPlace });
    else
      show(
        inPlacePlanPage(inPlace),
        inPlace.configDigest,
        '`hydra-cutover start --in-place --config-digest DIGEST` begins, with the config as it is now.',
      );
    return 0;
  }
  const plan = await planLocally(where);
  if (options.json) printJson(context, { verb: 'plan', ok: true, plan });
  else
    show(
      planPage(plan),
      plan.configDigest,
      '`hydra-cutover start --config-digest DIGEST` begins, with the config as it is now. The commit has no way back.',
    );
  return 0;
}

function rendered(page: Page, configDigest: string, then: string, width: number): string {
  const lines = [
    pageText(page, width),
    '',
    // Whole, so that it can be copied.
    `config ${configDigest}`,
    ...wrapped(`nothing was changed; ${then}`, width),
  ];
  return `${lines.join('\n')}\n`;
}
