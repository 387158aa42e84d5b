import { isCutoverFault } from '../../domain/faults';
import { type SqlClient } from '../../domain/ports/sql-client';
import { type CutoverEvidence } from '../../domain/receipts';
import { someOf } from '../../domain/sightings';
import { type StepDeps } from '../step';
import { clientOrigins, corsSetting, originsToTry, tryOrigins } from './cors-origins';
import { leftToGateways } from './left-to-gateways';
import { type Observed, observedLines, readObserved } from './observed';
import { pathOfRun } from '../support/of-side';

/** Features that change what passes, as the gateways name them. */
const TOLD_FEATURES: ReadonlySet<string> = new Set(['client-secrets', 'paging']);

/** What the entered side answers otherwise than the left one: as the gateways saw it, and as both are asked now. */
export async function noticesOf(
  deps: StepDeps,
  left: SqlClient,
): Promise<Pick<CutoverEvidence, 'notices' | 'writesPerSecond'>> {
  const observed = await readObserved(deps);
  const features = [...observed.features].filter((name) => TOLD_FEATURES.has(name));
  return {
    writesPerSecond: observed.writesPerSecond,
    notices: [
      ...observedLines(observed, deps.settings.hydraVersion[deps.direction.to]),
      // Nothing seen and nothing told read alike otherwise.
      ...observed.silent.map((name) => `gateway ${name} does not tell what it sees`),
      ...(await gatewayNotices(deps)),
      ...(features.length === 0 ? [] : [`on at every gateway: ${features.join(', ')}`]),
      ...(await corsNotice(deps, left, observed)),
    ],
  };
}

/** What users would notice because of how a gateway is set, or what nobody knows of it. Those that are away are told elsewhere. */
async function gatewayNotices(deps: StepDeps): Promise<readonly string[]> {
  const seen = await Promise.allSettled(
    deps.gateways.map(async (gateway) => ({ name: gateway.name, view: await gateway.state() })),
  );
  return seen
    .flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    .flatMap(({ name, view }) =>
      leftToGateways(deps).flatMap(({ feature, withoutIt, keys }) => {
        if (!view.features.includes(feature)) return [`gateway ${name} ${withoutIt}`];
        return view.keys?.[feature] === 'unseen' ? [`gateway ${name} ${keys.areUntried}`] : [];
      }),
    );
}

/** What cannot be asked is told and stops nothing: the rest of the evidence is worth more. */
async function corsNotice(deps: StepDeps, left: SqlClient, { sightings }: Observed): Promise<readonly string[]> {
  const { to } = deps.direction;
  try {
    const candidates = originsToTry(await clientOrigins(pathOfRun(deps), left), sightings);
    const { tried, refused, untried } = await tryOrigins(deps, candidates);
    const version = deps.settings.hydraVersion[to];
    return [
      ...(refused.length === 0
        ? []
        : [
            `${refused.length} of ${tried} browser origins would be refused by ${version} (tried at both sides): ${someOf(refused)}; ${to}'s config needs ${corsSetting(refused)} besides what it has`,
          ]),
      ...(untried.length === 0
        ? []
        : [
            `${untried.length} further browser origins were not tried at ${version}: ${someOf(untried)}; compare them with serve.public.cors.allowed_origins of ${to}`,
          ]),
    ];
  } catch (error) {
    if (!isCutoverFault(error)) throw error;
    return [`whether ${to} lets browsers in could not be tried: ${error.message}`];
  }
}
