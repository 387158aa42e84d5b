import { type Plan } from '../../domain/receipts';
import type * as workerModule from '../../workers/cli';
import { printJson, type CliContext } from '../context';
import { configFile, type EnvironmentOptions } from './environment-options';
import { durationText } from './render-status';

/** @returns 0 @throws CutoverFault CHECK_FAILED with every problem */
export async function runPlan(options: EnvironmentOptions, context: CliContext): Promise<number> {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { planLocally } = require('../../workers/cli') as typeof workerModule;
  const { env, cwd, logger } = context;
  const plan = await planLocally({ env, cwd, logger, set: options.set ?? [], ...configFile(options, context) });
  if (options.json) printJson(context, { verb: 'plan', ok: true, plan });
  else context.stdout.write(renderPlan(plan));
  return 0;
}

function renderPlan(plan: Plan): string {
  const { blue, green, hydraVersion, rules } = plan;
  const cleaned = rules.filter(({ rows }) => rows !== 0);
  const lines = [
    `${plan.environment}: Hydra ${hydraVersion.blue} on ${blue.instanceId} to ${hydraVersion.green} on ${green.instanceId}`,
    `blue: PostgreSQL ${blue.engineVersion}, ${(blue.databaseBytes / 1_000_000).toFixed(1)} MB`,
    ...plan.steps.map(
      ({ phase, what, undo, predictedMs }) =>
        `  ${phase.padEnd(11)} ${(predictedMs === null ? '' : durationText(predictedMs)).padStart(9)}  ${what}${undo === null ? '' : ` (undo: ${undo})`}`,
    ),
    ...predictionLines(plan),
    ...(plan.quietHours === undefined ? [] : [plan.quietHours]),
    cleaned.length === 0 ? 'no row needs cleaning' : 'rows that will be cleaned on green, and archived:',
    ...cleaned.map(({ id, title, rows }) => `  ${id}: ${rows === null ? 'not counted' : `${rows} rows`}, ${title}`),
    ...(green.differences ?? []).map(
      ({ what, blue: from, green: to, why }) => `green's instance differs: ${what}: ${from}, on green ${to} (${why})`,
    ),
    ...(plan.greenSettings ?? []).map(({ key, value, why }) => `start green's Hydra with ${key}: ${value} (${why})`),
    ...plan.warnings.map((warning) => `warning: ${warning}`),
    `config ${plan.configDigest}`,
    'nothing was changed; `hydra-cutover start --config-digest DIGEST` begins, with the config as it is now. The commit has no way back.',
  ];
  return `${lines.join('\n')}\n`;
}

function predictionLines({ prediction }: Plan): string[] {
  if (prediction === undefined) return [];
  const { runs, totalMs, reason, migrations } = prediction;
  if (totalMs === null) return [`durations are not predicted: ${reason ?? 'for no known reason'}`];
  const from = runs.map(({ mode, endedAt }) => `${mode} of ${endedAt}`).join(', ');
  return [
    `predicted ${durationText(totalMs)} in all, without what people take, from: ${from}`,
    ...migrations
      .slice(0, 3)
      .map(({ migration, durationMs }) => `  migration ${migration}: ${durationText(durationMs)}`),
  ];
}
