import { type SyntheticLogin } from '../../../domain/ports/hydra-api';
import { type StepDeps } from '../../../activities/step';
import { validate } from '../../../activities/validate';
import { CutoverFault } from '../../../domain/faults';
import { SCHEMA_VERSION } from '../../../hydra/arbiter/schema-version';
import { stepContext } from './step-context';
import { FORWARD } from '../../../domain/sides';

const INPUT = { cutoverId: 'c1', environment: 'test' };
const CONSENT = {
  ...{ consentId: 'k1', clientId: 'app', scope: ['openid'], remember: true, rememberForSeconds: 0 },
  answer: { grant_scope: ['openid'], consent_request: { challenge: 'k1' } },
};
const CLIENT = { client_id: 'app', redirect_uris: ['https://a.example/cb'], updated_at: '2026-01-01T00:00:00Z' };

const loggedIn = (change: Partial<SyntheticLogin> = {}): SyntheticLogin => ({
  ...{ durationMs: 5, steps: ['one'], cookies: ['oauth2_authentication_session'], refreshGrace: false },
  ...change,
});

/** Everything as it must be; a case changes one thing. */
const GOOD = {
  state: 'open',
  samples: [
    { kind: 'issuer', key: '', answer: 'https://id.example/' },
    { kind: 'keys', key: '', answer: ['kid-1', 'kid-2'] },
    { kind: 'consents', key: 'alice', answer: [CONSENT] },
    { kind: 'client', key: 'app', answer: CLIENT },
  ] as readonly object[],
  /** What green's Hydra says. */
  issuer: 'https://id.example/',
  keys: ['kid-1', 'kid-2', 'kid-3'] as readonly string[],
  consents: [CONSENT] as readonly object[],
  client: CLIENT as object | undefined,
  login: () => Promise.resolve(loggedIn()),
  /** What is in the databases. */
  blueKeys: ['kid-1', 'kid-2'] as readonly string[],
  blueConsents: ['k1'] as readonly string[],
  greenConsents: ['k1'] as readonly string[],
  greenClients: ['app'] as readonly string[],
  target: { appliedEpoch: 7, appliedSide: 'green' } as object | undefined,
};
type State = typeof GOOD;

function depsFor(state: State): StepDeps {
  const among = (known: readonly string[], values: readonly unknown[]) =>
    (values[0] as readonly string[]).filter((id) => known.includes(id)).map((id) => ({ id }));
  const answer = (sql: string, values: readonly unknown[]): readonly object[] => {
    const text = sql.replaceAll('"public".', '');
    // No schema of ours belongs to somebody else.
    if (text.includes('pg_namespace')) return [];
    if (text.includes('FROM hydra_jwk')) return among(state.blueKeys, values);
    if (text.includes('FROM hydra_oauth2_consent_request_handled')) return among(state.blueConsents, values);
    if (text.includes('FROM hydra_oauth2_flow')) return among(state.greenConsents, values);
    if (text.includes('FROM hydra_client')) return among(state.greenClients, values);
    if (text.includes('FROM hydra_cutover.sample')) {
      return state.samples.map((sample) => ({
        ...sample,
        answer: JSON.stringify((sample as { answer: unknown }).answer),
      }));
    }
    const run = {
      side: 'green',
      cutoverId: INPUT.cutoverId,
      nonce: '',
      state: state.state,
      epoch: 7,
      schemaVersion: SCHEMA_VERSION,
    };
    return [{ there: true, ...run }];
  };
  const query = (text: string, values: readonly unknown[] = []) => {
    const rows = answer(text, values);
    return Promise.resolve({ rows, rowCount: rows.length });
  };
  const read = () =>
    state.target === undefined
      ? Promise.reject(new CutoverFault('TARGET_UNREACHABLE', 'away'))
      : Promise.resolve(state.target);
  return {
    settings: {
      hydraVersion: { blue: '1.11.10', green: '2.3.0' },
      hydraSchema: 'public',
      validation: { subjects: 1, clients: 1, syntheticLogin: true },
    },
    direction: FORWARD,
    gateways: [],
    targets: [{ name: 'policy', read }],
    hydra: {
      issuer: () => Promise.resolve(state.issuer),
      publicKeys: () => Promise.resolve(state.keys),
      consents: () => Promise.resolve(state.consents),
      client: () => Promise.resolve(state.client),
      syntheticLogin: state.login,
    },
    databases: {
      withSession: (_side: string, work: (session: object) => unknown) => work({ backendPid: 1, query }),
    },
  } as unknown as StepDeps;
}

async function failed(change: Partial<State>): Promise<readonly string[]> {
  const { ok, checks } = await validate(depsFor({ ...GOOD, ...change }), INPUT, stepContext());
  const names = checks.filter((check) => !check.ok).map(({ name }) => name);
  expect(ok).toBe(names.length === 0);
  return names;
}

const breaks = () => Promise.reject(new CutoverFault('HYDRA_UNEXPECTED', 'it broke at the consent'));

describe('the validation', () => {
  it.each<[string, string, Partial<State>]>([
    ['green takes writes', 'green is closed', { state: 'closed' }],
    ['issuer', 'green names another one', { issuer: 'https://other.example/' }],
    ['public keys', 'a key that blue has is not published', { keys: ['kid-1'] }],
    ['consent sessions', 'one is there and not listed', { consents: [] }],
    ['consent sessions', 'one is listed with other contents', { consents: [{ ...CONSENT, answer: {} }] }],
    ['consent sessions', 'all are gone on green alone', { consents: [], greenConsents: [] }],
    ['clients', "one is in green's database and its Hydra does not give it", { client: undefined }],
    ['clients', 'one differs and nobody edited it', { client: { ...CLIENT, redirect_uris: [] } }],
    ['targets', 'one serves blue', { target: { appliedEpoch: 6, appliedSide: 'blue' } }],
    ['targets', 'one does not answer', { target: undefined }],
    ['synthetic login', 'it breaks', { login: breaks }],
    [
      'synthetic login',
      "green's session cookie has another name than blue's",
      {
        login: () => Promise.resolve(loggedIn({ cookies: ['ory_hydra_session'] })),
      },
    ],
    [
      'synthetic login',
      'a used refresh token is taken again',
      { login: () => Promise.resolve(loggedIn({ refreshGrace: true })) },
    ],
  ])('fails by check "%s" alone when %s', async (name, _case, change) => {
    expect(await failed(change)).toEqual([name]);
  });

  it('fails without samples, which would let everything pass', async () => {
    expect(await failed({ samples: [] })).toContain('samples of blue');
  });

  it.each<[string, Partial<State>]>([
    ['all is as it was on blue', {}],
    ['a key was removed before the commit', { keys: ['kid-1'], blueKeys: ['kid-1'] }],
    ['a consent was revoked before the commit', { consents: [], greenConsents: [], blueConsents: [] }],
    ['a client was removed since', { client: undefined, greenClients: [] }],
    ['a client was edited since', { client: { ...CLIENT, redirect_uris: [], updated_at: '2026-01-02T00:00:00Z' } }],
  ])('passes when %s', async (_case, change) => {
    expect(await failed(change)).toEqual([]);
  });
});
