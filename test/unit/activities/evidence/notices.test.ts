import { noticesOf } from '../../../../activities/evidence/notices';
import { type StepDeps } from '../../../../activities/step';
import { CutoverFault } from '../../../../domain/faults';
import { type Gateway, type KeyVerdict } from '../../../../domain/ports/targets';
import { FORWARD } from '../../../../domain/sides';

const SINCE = '2026-01-01T00:00:00.000Z';
const OBSERVED = { sightings: { since: SINCE, sightings: [], beyond: {} }, writes: { perSecond: 1.5, hours: [] } };

function gatewayWith(
  name: string,
  keys: Readonly<Record<string, KeyVerdict>>,
  features: readonly string[] = ['session-cookies'],
  observations: object | undefined = OBSERVED,
): Gateway {
  const told = Promise.resolve(observations);
  return { name, state: async () => ({ features, keys }), observations: () => told } as unknown as Gateway;
}

/** Of gateways before a blue that nobody can ask about its clients: that is told as well, and stops nothing. */
async function told(...gateways: readonly Gateway[]): Promise<readonly string[]> {
  const away = () => Promise.reject(new CutoverFault('DB_UNREACHABLE', 'blue is away'));
  const settings = { hydraVersion: { blue: '1.11.10', green: '2.3.0' } };
  const deps = { gateways, settings, direction: FORWARD } as unknown as StepDeps;
  const { notices = [] } = await noticesOf(deps, { query: away });
  expect(notices.at(-1)).toBe('whether green lets browsers in could not be tried: blue is away');
  return notices.slice(0, -1);
}

describe('gate cutover', () => {
  it('says nothing of gateways that have seen nothing and whose keys fit', async () => {
    expect(await told(gatewayWith('g', { 'session-cookies': 'fit' }))).toEqual([]);
  });

  it('says that the keys of a gateway were tried on no login, and what users notice where it translates none', async () => {
    const notices = await told(
      gatewayWith('a', { 'session-cookies': 'unseen' }),
      gatewayWith('b', {}, []),
      // The way from 1.11.10 needs none of these.
      gatewayWith('c', { 'session-cookies': 'fit', 'flows-in-challenges': 'unseen' }),
    );
    expect(notices).toEqual([
      expect.stringMatching(/^gateway a has seen no login .*GATEWAY_COOKIE_KEYS/),
      expect.stringMatching(/^gateway b does not translate session cookies/),
    ]);
  });

  it('says which gateway does not tell what it sees, so that nothing seen is no good news', async () => {
    const silent = { ...gatewayWith('s', { 'session-cookies': 'fit' }), observations: async () => undefined };
    expect(await told(silent as unknown as Gateway)).toEqual(['gateway s does not tell what it sees']);
    const away = { ...silent, state: () => Promise.reject(new CutoverFault('TARGET_UNREACHABLE', 'away')) };
    expect(await told(away as unknown as Gateway)).toEqual(['gateway s does not tell what it sees']);
  });
});
