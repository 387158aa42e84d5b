import { inPlacePlanPage } from '../../domain/evidence/in-place-page';
import { noticePage } from '../../domain/evidence/notice-page';
import { planPage } from '../../domain/evidence/plan-page';
import { CutoverFault } from '../../domain/faults';
import { type Page } from '../../domain/page/page';
import { pageText, wrapped } from '../../domain/page/text';
import { type Plan } from '../../domain/receipts';
import type * as workerModule from '../../workers/cli';
import { print, printJson, widthOf, type CliContext } from '../context';
import { configFile, type EnvironmentOptions } from './environment-options';

export interface PlanVerbOptions extends EnvironmentOptions {
  readonly inPlace: boolean;
  /** What clients and admins notice, instead of the plan. */
  readonly mail: boolean;
}

/** @returns 0 @throws CutoverFault CHECK_FAILED with every problem | USAGE */
export async function runPlan(options: PlanVerbOptions, context: CliContext): Promise<number> {
  if (options.inPlace && options.mail) {
    throw new CutoverFault('USAGE', '--mail is of the upgrade, not of the step before it: leave --in-place out');
  }
  const { planLocally, planInPlaceLocally } = require('../../workers/cli') as typeof workerModule;
  const { env, cwd, logger } = context;
  const show = (page: Page, configDigest: string, then: string) =>
    print(context, rendered(page, configDigest, then, widthOf(context.stdout)));
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
  else if (options.mail) context.stdout.write(mailOf(plan, widthOf(context.stdout)));
  else
    show(
      planPage(plan),
      plan.configDigest,
      '`hydra-cutover start --config-digest DIGEST` begins, with the config as it is now. The commit has no way back. `hydra-cutover plan --mail` writes to clients and admins what they will notice.',
    );
  return 0;
}

/** As wide as mail is read well. */
const MAIL_COLUMNS = 76;

function mailOf(plan: Plan, width: number): string {
  const { notice } = plan;
  if (notice === undefined)
    throw new CutoverFault('CHECK_FAILED', 'no gateway could be asked what clients will notice');
  return `${pageText(noticePage({ ...plan, notice }), Math.min(width, MAIL_COLUMNS))}\n`;
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
