import { CutoverFault } from '../../domain/faults';
import { type Config } from '../../config/schema';
import { print, printJson, type CliContext } from '../context';
import { withCutover } from './cutover-session';
import { loadForTemporal, type EnvironmentOptions } from './environment-options';
import { ensureSchedule, listSchedules, onSchedule, scheduleIdOf, type ScheduleLook } from './rehearsal-schedule';

export const SCHEDULE_ACTIONS = ['create', 'list', 'pause', 'unpause', 'trigger', 'delete'] as const;
export type ScheduleAction = (typeof SCHEDULE_ACTIONS)[number];

export interface ScheduleOptions extends EnvironmentOptions {
  readonly action: ScheduleAction;
  readonly note?: string;
  readonly paused: boolean;
  readonly allowProduction: boolean;
}

/** @throws CutoverFault CHECK_FAILED (production) | SCHEDULE_UNKNOWN | TEMPORAL_UNREACHABLE */
export async function runSchedule(options: ScheduleOptions, context: CliContext): Promise<number> {
  const config = loadForTemporal(options, context);
  const { action, json } = options;
  if (action === 'create') assertAllowed(config, options.allowProduction);
  return withCutover(config, context.env, async ({ client }) => {
    const environment = config.environment.name;
    const scheduleId = scheduleIdOf(environment);
    if (action === 'list') {
      const schedules = await listSchedules(client, environment);
      if (json) printJson(context, { verb: 'schedule', ok: true, action, schedules });
      else print(context, renderSchedules(schedules));
      return 0;
    }
    const done = action === 'create' ? await create() : await change(action);
    if (json) printJson(context, { verb: 'schedule', ok: true, action, scheduleId, done });
    else context.stdout.write(`${scheduleId}: ${done}\n`);
    return 0;

    async function create(): Promise<string> {
      const { paused, note } = options;
      const isNew = await ensureSchedule(client, config, { paused, note });
      return `${isNew ? 'created' : 'made as the config says now'}${paused ? ', paused' : ''}`;
    }

    function change(what: Exclude<ScheduleAction, 'create' | 'list'>): Promise<string> {
      return onSchedule(client, environment, async (handle) => {
        if (what === 'pause') await handle.pause(options.note);
        if (what === 'unpause') await handle.unpause(options.note);
        if (what === 'trigger') await handle.trigger('SKIP');
        if (what === 'delete') await handle.delete();
        return { pause: 'paused', unpause: 'runs again', trigger: 'begins now, unless one is on', delete: 'deleted' }[
          what
        ];
      });
    }
  });
}

/** A rehearsal writes nothing to blue, but its snapshot may be felt, and its copy holds real data for a while. */
function assertAllowed({ environment }: Config, allowProduction: boolean): void {
  if (!environment.production || allowProduction) return;
  throw new CutoverFault(
    'CHECK_FAILED',
    `environment ${environment.name} is marked as production: a schedule takes snapshots of it and keeps a copy of its data for the time of each rehearsal; say --allow-production if that is wanted`,
    { environment: environment.name },
  );
}

function renderSchedules(schedules: readonly ScheduleLook[]): string {
  if (schedules.length === 0) return 'no schedule of rehearsals; `hydra-cutover schedule create` makes one\n';
  return schedules.map(renderSchedule).join('');
}

function renderSchedule({ scheduleId, paused, note, next, skippedForOverlap, results }: ScheduleLook): string {
  const lines = [
    `${scheduleId}: ${paused ? 'paused' : 'on'}${note === null || note === '' ? '' : ` (${note})`}`,
    `  next: ${paused ? 'none while it is paused' : next.join(', ')}`,
    ...(skippedForOverlap === 0 ? [] : [`  left out because one was on: ${skippedForOverlap}`]),
    ...results.map(({ at, outcome, reason, findings }) => {
      const found = findings === null ? '' : `, ${findings} findings`;
      return `  ${at} ${outcome}${found}${reason === null ? '' : `: ${reason}`}`;
    }),
  ];
  return `${lines.join('\n')}\n`;
}
