import { type SqlClient } from '../../domain/ports/sql-client';
import { type Prediction } from '../../domain/predict';
import { quietWindow } from '../../domain/quiet-hours';
import { someOf } from '../../domain/sightings';
import { clientOrigins, type ClientOrigins, corsSetting } from '../evidence/cors-origins';
import { type Observed, observedLines, readObserved } from '../evidence/observed';
import { type StepDeps } from '../step';
import { type Findings } from './findings';
import { pathOfRun } from '../support/of-side';

/** What the gateways saw that the entered side would answer otherwise: all of it is for a person to judge. */
export async function checkObservations(deps: StepDeps, findings: Findings): Promise<Observed> {
  const observed = await readObserved(deps);
  const { to } = deps.direction;
  for (const line of observedLines(observed, deps.settings.hydraVersion[to])) {
    const cut = line.lastIndexOf('; ');
    findings.warn('seen by the gateways', line.slice(0, cut), line.slice(cut + 2));
  }
  if (observed.silent.length > 0) {
    findings.warn(
      `gateways ${someOf(observed.silent)}`,
      `do not tell what they see, so that clients which ${to} would refuse are not known`,
      'run the version of the gateway that comes with this one, some days before',
    );
  }
  return observed;
}

/**
 * Browsers of these origins meet an entered side that answers preflights by its own list alone.
 *
 * @returns them with the clients that allow them
 */
export async function checkCorsOrigins(
  named: SqlClient,
  deps: StepDeps,
  findings: Findings,
): Promise<readonly ClientOrigins[]> {
  const { from, to } = deps.direction;
  const origins = await clientOrigins(pathOfRun(deps), named);
  const [first] = origins.filter(({ origin }) => !origin.includes('*'));
  // Without CORS on the left side nobody uses them; with an asterisk alone nobody can be asked.
  if (origins.length === 0 || (first !== undefined && !(await deps.hydra.allowsOrigin(from, first.origin)))) return [];
  const clients = [...new Set(origins.flatMap((each) => each.clients))].sort();
  findings.warn(
    'browser clients',
    `${clients.length} clients allow ${origins.length} origins for themselves (${someOf(clients)}), which ${deps.settings.hydraVersion[to]} does not look at when it answers a preflight; both sides are tried at gate cutover`,
    `${to}'s config needs ${corsSetting(origins.map(({ origin }) => origin))} besides what it has`,
  );
  return origins;
}

/** @returns when to start so that the run falls into the quietest hours, in a sentence; undefined while nothing is known */
export function quietHours({ hours }: Observed, prediction: Prediction, now: Date): string | undefined {
  const predictedMs = Object.values(prediction.phases).reduce((sum, ms) => sum + (ms ?? 0), 0);
  const window = quietWindow(hours, predictedMs, now);
  if (window === undefined) return undefined;
  const { from, to, writesPerSecond, usualPerSecond, peakPerSecond, hoursSeen } = window;
  return (
    `quiet hours: from ${from} to ${to} clients write ${writesPerSecond} times per second (${usualPerSecond} usually, at most ${peakPerSecond} in one second), ` +
    `by ${hoursSeen} hours that the gateways saw; ${predictedMs === 0 ? 'nothing is predicted, so that it is one hour' : 'it is as long as the run is predicted to be'}`
  );
}
