import { checkGateways } from '../../../activities/preflight/check-services';
import { Findings } from '../../../activities/preflight/findings';
import { type StepDeps } from '../../../activities/step';
import { type SupportedHydraVersion } from '../../../domain/hydra-versions';
import { GATEWAY_PROTOCOL, type KeyVerdict } from '../../../domain/ports/targets';
import { FORWARD } from '../../../domain/sides';

/** What preflight says of a gateway that has these features, on the way from this version to 2.3.0. */
async function found(
  blue: SupportedHydraVersion,
  features: readonly string[],
  keys?: Readonly<Record<string, KeyVerdict>>,
): Promise<Findings> {
  const ready = { blue: true, green: false };
  const view = { protocol: GATEWAY_PROTOCOL, mode: 'pass', epoch: 0, ready, features, keys };
  const target = { appliedEpoch: 0, appliedSide: 'blue', stagedEpoch: null, highestEpoch: 0 };
  const gateway = { name: 'g', state: () => Promise.resolve(view), read: () => Promise.resolve(target) };
  const settings = { hydraVersion: { blue, green: '2.3.0' }, green: { arbiterRoles: ['asks'] } };
  const findings = new Findings();
  await checkGateways({ gateways: [gateway], settings, direction: FORWARD } as unknown as StepDeps, findings);
  return findings;
}

async function warnings(blue: SupportedHydraVersion, features: readonly string[]): Promise<readonly string[]> {
  const { problems, warnings: told } = await found(blue, features);
  expect(problems).toEqual([]);
  return told;
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

  it.each([
    ['1.11.10', 'session-cookies', 'GATEWAY_COOKIE_KEYS', 'every user'],
    ['2.2.0', 'flows-in-challenges', 'GATEWAY_FLOW_KEYS', 'every login that is under way'],
  ] as const)('is refused from %s where the keys of %s are those of another Hydra', async (blue, feature, key, who) => {
    const { problems } = await found(blue, [feature], { [feature]: 'foreign' });
    const observed = expect.stringMatching(new RegExp(`${key} is not made of blue's secrets, and ${who}`)) as string;
    expect(problems).toEqual([
      { where: 'gateway g', observed, fix: expect.stringContaining('hydra-gateway') as string },
    ]);
    const unseen = await found(blue, [feature], { [feature]: 'unseen' });
    expect(unseen).toMatchObject({ problems: [], warnings: [expect.stringContaining('has seen no login')] });
    expect(await found(blue, [feature], { [feature]: 'fit' })).toMatchObject({ problems: [], warnings: [] });
  });

  it('is no matter of keys that the way does not need', async () => {
    const keys = { 'session-cookies': 'foreign', 'flows-in-challenges': 'foreign' } as const;
    const { problems } = await found('1.11.10', Object.keys(keys), keys);
    expect(problems.map(({ fix }) => fix)).toEqual([expect.stringContaining('GATEWAY_COOKIE_KEYS')]);
  });
});
