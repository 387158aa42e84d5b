import { SIGHTING_KINDS, type Sightings } from '../../../domain/sightings';
import { type BehaviourDifference } from '../../../hydra/paths/behaviour-difference';
import { BEHAVIOUR_DIFFERENCES } from '../../../hydra/paths/1-11-10-to-2-3-0/behaviour-differences';
import { type ExpectedDifference } from '../../../hydra/paths/copy-path';
import { compareAnswers } from '../../../hydra/validation';
import { useDatabase } from '../../support/database';
import { startHydra, type TestHydra } from '../../support/hydra';
import { PATH } from '../../support/path';
import { useParts } from '../../unit/gateway/support/fixture';
import { type TestGateway } from '../../unit/gateway/support/test-gateway';
import { GLOBAL_ORIGIN } from './both-hydras/clients';
import { Edge, type Noted } from './both-hydras/edge';
import { walk } from './both-hydras/walk';

const SHARED = {
  loginAppUrl: 'https://login-app.example',
  issuer: 'https://login.example/',
  extra: {
    OAUTH2_HASHERS_BCRYPT_COST: '8',
    OIDC_DYNAMIC_CLIENT_REGISTRATION_ENABLED: 'true',
    OIDC_SUBJECT_IDENTIFIERS_SUPPORTED_TYPES: 'public,pairwise',
    OIDC_SUBJECT_IDENTIFIERS_PAIRWISE_SALT: 'salt-of-the-test',
    SERVE_PUBLIC_CORS_ENABLED: 'true',
    SERVE_PUBLIC_CORS_ALLOWED_ORIGINS: GLOBAL_ORIGIN,
  },
};
/** A machine that does much else takes its time. */
const PATIENCE_MS = 240_000;
/** Where the list of what is stored is about the same answers. */
const STORED: Readonly<Record<string, string>> = {
  discovery: 'GET /.well-known/openid-configuration',
  consent: 'GET /oauth2/auth/sessions/consent',
};

describe('1.11.10 and 2.3.0 behind the gateway', () => {
  const databases = { blue: useDatabase('hydra_1_11_10'), green: useDatabase('hydra_2_3_0') };
  const parts = useParts();
  let hydras: readonly TestHydra[];

  beforeAll(async () => {
    hydras = await Promise.all([
      startHydra({ version: '1.11.10', database: databases.blue.config, ...SHARED }),
      startHydra({ version: '2.3.0', database: databases.green.config, ...SHARED }),
    ]);
  });
  afterAll(() => Promise.all(hydras.map((hydra) => hydra.stop())));

  const gateway = (): Promise<TestGateway> => {
    const [blue, green] = hydras.map(({ publicUrl, adminUrl }, index) => ({
      publicUrl,
      adminUrl,
      apiGeneration: index + 1,
    }));
    return parts.gateway({ config: { sides: { blue, green }, upstream: { responseTimeoutMs: PATIENCE_MS } } });
  };

  it('answer all kinds of requests alike, but for what is on the list; and what could harm is counted before', async () => {
    const [front, flipped] = [await gateway(), await gateway()];
    await flipped.stage(1, 'green');
    expect(await flipped.apply(1)).toMatchObject({ status: 200 });
    const [blue, green] = [new Edge(front, SHARED.issuer), new Edge(flipped, SHARED.issuer)];
    await Promise.all([walk(blue), walk(green)]);

    const met = new Set<BehaviourDifference>();
    const names = new Set([...blue.noted.keys(), ...green.noted.keys()]);
    const unlisted = [...names].flatMap((name) => differences(name, blue.noted.get(name), green.noted.get(name), met));
    expect(unlisted).toEqual([]);
    expect(BEHAVIOUR_DIFFERENCES.filter((line) => !met.has(line))).toEqual([]);

    const { body } = await front.control('GET', '/observations');
    const seen = (body['sightings'] as Sightings).sightings;
    const harmful = BEHAVIOUR_DIFFERENCES.flatMap((line) => ('seenAs' in line ? [line] : []));
    const isSeen = ({ seenAs, request }: (typeof harmful)[number]) =>
      seen.some(({ kind, what }) => kind === seenAs && patternOf(request).test(what));
    expect(harmful.filter((line) => !isSeen(line))).toEqual([]);
    expect([...new Set(harmful.map(({ seenAs }) => seenAs))].sort()).toEqual([...SIGHTING_KINDS].sort());
  });
});

function differences(
  name: string,
  blue: Noted | undefined,
  green: Noted | undefined,
  met: Set<BehaviourDifference>,
): readonly string[] {
  // Where one side ends a journey and the other goes on, the answer before it differs.
  if (blue === undefined || green === undefined) return [];
  const { request } = blue;
  const lines = BEHAVIOUR_DIFFERENCES.filter((line) => concerns(line, blue, green));
  const expected = [
    ...lines.flatMap((line) => asExpected(request, line, () => met.add(line))),
    ...PATH.differences
      .filter(({ question }) => STORED[question] === request)
      .map((one) => ({ ...one, question: request, path: `body${one.path.startsWith('[') ? '' : '.'}${one.path}` })),
  ];
  return compareAnswers<string>(expected, request, blue.answer, green.answer).map(
    ({ path, kind }) => `${name} (${request}): ${path} ${kind}`,
  );
}

function concerns(line: BehaviourDifference, blue: Noted, green: Noted): boolean {
  if (!patternOf(line.request).test(blue.request)) return false;
  if (line.asking?.some((parameter) => blue.query.includes(parameter)) === false) return false;
  if (line.statuses === 'any') return true;
  const [source, target] = line.statuses ?? [blue.answer.status, blue.answer.status];
  return blue.answer.status === source && green.answer.status === target;
}

function asExpected(
  question: string,
  { parts, statuses }: BehaviourDifference,
  onMet: () => void,
): readonly ExpectedDifference<string>[] {
  return [...parts, ...(typeof statuses === 'object' ? ['status'] : [])].map((path) => ({
    question,
    path,
    reason: '',
    whose: 'Hydra',
    when: () => {
      onMet();
      return true;
    },
  }));
}

function patternOf(request: string): RegExp {
  const parts = request.split('*').map((text) => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}
