import { drillProblems } from '../../domain/drill';
import { type PreflightInput } from '../../domain/steps';
import { pathOf, pathsText } from '../../hydra/paths/registry';
import { type Findings } from './findings';
import { type Configured } from '../step';

/** This worker is the one that was meant, with the config that was looked at. */
export function checkInput({ settings, direction }: Configured, input: PreflightInput, findings: Findings): void {
  const { environment, configDigest, hydraVersion } = settings;
  const worker = { environment: environment.name, configDigest };
  checkWorker(worker, input, { run: 'cutover', look: 'plan' }, findings);
  if (input.mode === 'drill') {
    for (const { where, observed, fix } of drillProblems(environment)) findings.problem(where, observed, fix);
  }
  const { from, to } = direction;
  if (pathOf(hydraVersion[from], hydraVersion[to]) === undefined) {
    findings.problem(
      'hydraVersion',
      `no way leads from ${hydraVersion[from]} to ${hydraVersion[to]}`,
      `correct ${from}.hydraVersion and ${to}.hydraVersion`,
      pathsText(),
    );
  }
}

/** @param words what it is that was started, and what looks at the config before */
export function checkWorker(
  worker: { readonly environment: string; readonly configDigest: string },
  { environment, configDigest }: { readonly environment: string; readonly configDigest?: string },
  words: { readonly run: string; readonly look: string },
  findings: Findings,
): void {
  if (environment !== worker.environment) {
    findings.problem(
      'environment',
      `the ${words.run} is of ${environment}, the worker's config of ${worker.environment}`,
      'start it with the name in the config, or ask the worker of that environment',
    );
  }
  if (configDigest !== undefined && configDigest !== worker.configDigest) {
    findings.problem(
      'config',
      `the worker's config (${worker.configDigest.slice(0, 12)}…) is not the one that was looked at (${configDigest.slice(0, 12)}…)`,
      `restart the worker with that config, or look at this one with ${words.look}`,
    );
  }
}
