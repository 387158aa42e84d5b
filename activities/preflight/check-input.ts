import { drillProblems } from '../../domain/drill';
import { type CutoverSettings } from '../../domain/settings';
import { type PreflightInput } from '../../domain/steps';
import { pathOf, pathsText } from '../../hydra/paths/registry';
import { type Findings } from './findings';

/** This worker is the one that was meant, with the config that was looked at. */
export function checkInput(settings: CutoverSettings, input: PreflightInput, findings: Findings): void {
  const { environment, configDigest, hydraVersion } = settings;
  if (input.environment !== environment.name) {
    findings.problem(
      'environment',
      `the cutover is of ${input.environment}, the worker's config of ${environment.name}`,
      'start it with the name in the config, or ask the worker of that environment',
    );
  }
  if (input.configDigest !== undefined && input.configDigest !== configDigest) {
    findings.problem(
      'config',
      `the worker's config (${configDigest.slice(0, 12)}…) is not the one that was looked at (${input.configDigest.slice(0, 12)}…)`,
      'restart the worker with that config, or look at this one with plan',
    );
  }
  if (input.mode === 'drill') {
    for (const { where, observed, fix } of drillProblems(environment)) findings.problem(where, observed, fix);
  }
  if (pathOf(hydraVersion.blue, hydraVersion.green) === undefined) {
    findings.problem(
      'hydraVersion',
      `no way leads from ${hydraVersion.blue} to ${hydraVersion.green}`,
      'correct blue.hydraVersion and green.hydraVersion',
      pathsText(),
    );
  }
}
