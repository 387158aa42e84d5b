import { checkGateways } from '../../../activities/preflight/check-services';
import { Findings } from '../../../activities/preflight/findings';
import { type StepDeps } from '../../../activities/step';
import { type SupportedHydraVersion } from '../../../domain/hydra-versions';
import { GATEWAY_PROTOCOL } from '../../../domain/ports/targets';

/** What preflight warns of a gateway that has these features, on the way from this version to 2.3.0. */
async function warnings(blue: SupportedHydraVersion, features: readonly string[]): Promise<readonly string[]> {
  const view = { protocol: GATEWAY_PROTOCOL, mode: 'pass', epoch: 0, ready: { blue: true, green: false }, features };
  const target = { appliedEpoch: 0, appliedSide: 'blue', stagedEpoch: null, highestEpoch: 0 };
  const gateway = { name: 'g', state: () => Promise.resolve(view), read: () => Promise.resolve(target) };
  const settings = { hydraVersion: { blue, green: '2.3.0' }, green: { arbiterRoles: ['asks'] } };
  const findings = new Findings();
  await checkGateways({ gateways: [gateway], settings } as unknown as StepDeps, findings);
  expect(findings.problems).toEqual([]);
  return findings.warnings;
}

describe('what is left to the gateways', () => {
  it('is the sessions of browsers from 1.x, and logins that are under way from 2.2.0', async () => {
    expect(await warnings('1.11.10', [])).toEqual([expect.stringContaining('set sessionCookies.translate')]);
    expect(await warnings('2.2.0', [])).toEqual([expect.stringContaining('set staleChallenges.readFlows')]);
  });

  it('is nothing where it is on', async () => {
    expect(await warnings('1.11.10', ['session-cookies'])).toEqual([]);
    expect(await warnings('2.2.0', ['flows-in-challenges'])).toEqual([]);
  });
});
