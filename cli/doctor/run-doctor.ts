import { inspectConfig } from '../../config/load';
import { type Config } from '../../config/schema';
import { storedReferences } from '../../config/stored-secrets';
import { type ConfigProblem } from '../../config/problems';
import { FAULTS } from '../../domain/faults';
import type * as workerModule from '../../workers/cli';
import { print, printJson, widthOf, type CliContext } from '../context';
import { fail, ok, type CheckReport, type DoctorCheck } from './check';
import { environmentChecks } from './environment-checks';
import { machineChecks } from './machine-checks';
import { renderReport } from './render-report';
import { runChecks } from './run-checks';

export interface DoctorOptions {
  /** Without it: this machine is checked. */
  readonly file?: string;
  readonly set: readonly string[];
  readonly json: boolean;
}

interface Diagnosis {
  readonly subject: 'machine' | 'environment';
  readonly checks: readonly CheckReport[];
  readonly problems: readonly ConfigProblem[];
}

const MACHINE_CHECK_TIMEOUT_MS = 20_000;

/** @returns 0, or the exit code of CHECK_FAILED when a check failed */
export async function runDoctor(options: DoctorOptions, context: CliContext): Promise<number> {
  const diagnosis =
    options.file === undefined && options.set.length === 0
      ? await diagnoseMachine(context)
      : await diagnoseEnvironment(options, context);
  const healthy = diagnosis.checks.every((check) => check.status !== 'fail');
  if (options.json) printJson(context, { verb: 'doctor', ok: healthy, ...diagnosis });
  else print(context, renderReport(diagnosis.subject, diagnosis.checks, widthOf(context.stdout)));
  return healthy ? 0 : FAULTS.CHECK_FAILED.exitCode;
}

async function diagnoseMachine(context: CliContext): Promise<Diagnosis> {
  const checks = await runChecks(machineChecks(context.env), MACHINE_CHECK_TIMEOUT_MS);
  return { subject: 'machine', checks, problems: [] };
}

async function diagnoseEnvironment(options: DoctorOptions, context: CliContext): Promise<Diagnosis> {
  const inspection = inspectConfig({ env: context.env, cwd: context.cwd, set: options.set, file: options.file });
  if ('fault' in inspection) {
    const { problems } = inspection;
    const checks = await runChecks(problems.map(asCheck), MACHINE_CHECK_TIMEOUT_MS);
    return { subject: 'environment', checks, problems };
  }
  const { config } = inspection;
  const configCheck: DoctorCheck = {
    id: 'config',
    title: 'config',
    run: async () =>
      ok(`${options.file ?? 'flags and environment'}: no problems, environment ${config.environment.name}`),
  };
  await readStored(config, context);
  const checks = await runChecks([configCheck, ...environmentChecks(config, context.env)], config.checks.timeoutMs);
  return { subject: 'environment', checks, problems: [] };
}

/** @throws CutoverFault SECRET_UNUSABLE | SECRETS_UNREACHABLE: no other check makes sense then */
async function readStored(config: Config, context: CliContext): Promise<void> {
  if (storedReferences(config).length === 0) return;
  // The client of AWS takes a while to load.
  const { readSecrets } = require('../../workers/cli') as typeof workerModule;
  await readSecrets(config, context.logger);
}

function asCheck(problem: ConfigProblem): DoctorCheck {
  const title = problem.path === '' ? 'config' : `config ${problem.path}`;
  return { id: 'config', title, run: async () => fail(`${problem.what} (${problem.at})`, problem.fix) };
}
