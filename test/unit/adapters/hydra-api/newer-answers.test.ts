import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HttpHydraApi } from '../../../../adapters/hydra-api';
import { HydraHttp } from '../../../../adapters/hydra-api/hydra-http';
import { listConsents } from '../../../../adapters/hydra-api/list-consents';
import { differingFields } from '../../../../gateway/core/shadow-question';
import { copyPathOf } from '../../../../hydra/paths';
import { compareAnswers } from '../../../../hydra/validation';
import { withConsentId } from '../../../../hydra/versions';
import { serveHttp, type TestServer } from '../../../support/http-server';

interface Recorded {
  readonly name: string;
  readonly request: { readonly method: string; readonly path: string };
  readonly answer: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: unknown;
  };
}

/** Of a real Hydra 26.2.0 and its seven consents of one user. */
const RECORDED = JSON.parse(
  readFileSync(join(__dirname, '../../../fixtures/hydra-26.2.0-answers.json'), 'utf8'),
) as readonly Recorded[];

interface Consent {
  readonly consent_request: { readonly consent_request_id?: unknown };
}

/** What one of 1.x says besides. */
const GRANTED = { remember: true, grant_scope: ['openid'] };

/** The same request, whatever the order of its parameters. */
function sameRequest(method: string, path: string): string {
  const url = new URL(path, 'http://hydra.invalid');
  url.searchParams.sort();
  return `${method} ${url.pathname}?${url.searchParams.toString()}`;
}

describe('answers of a Hydra that pages by keys', () => {
  let server: TestServer;
  let adminUrl: string;

  beforeAll(async () => {
    const answers = new Map(
      RECORDED.map(({ request, answer }) => [sameRequest(request.method, request.path), answer] as const),
    );
    server = await serveHttp((request, response) => {
      const answer = answers.get(sameRequest(request.method ?? '', request.url ?? ''));
      response.writeHead(answer?.status ?? 501, answer?.headers ?? {}).end(JSON.stringify(answer?.body ?? null));
    });
    adminUrl = server.url;
  });

  afterAll(() => server.close());

  it('are read page by page to the last one, each consent by the name that it has there', async () => {
    const http = new HydraHttp('green', { publicUrl: adminUrl, adminUrl, apiGeneration: 2 }, 5_000);
    const consents = await listConsents(http, 'u1', 2);
    expect(consents.map(({ consentId }) => consentId)).toHaveLength(7);
    expect(consents.every(({ consentId }) => /^[0-9a-f]{32}$/.test(consentId))).toBe(true);
    expect(new Set(consents.map(({ clientId }) => clientId)).size).toBe(7);
    await http.close();
  });

  it('of a page token of another Hydra are an error, which no reader asks for', () => {
    const refused = RECORDED.find(({ name }) => name === 'consents, page token of 2.3.0');
    expect(refused?.answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });

  it('say which version it is, and what a client is', async () => {
    const side = { publicUrl: adminUrl, adminUrl, apiGeneration: 2 } as const;
    const api = new HttpHydraApi({ sides: { blue: side, green: side } });
    expect(await api.version('green')).toBe('v26.2.0');
    const [client] = RECORDED.filter(({ name }) => name === 'client');
    const id = (client?.answer.body as { client_id: string }).client_id;
    expect(await api.client('green', id)).toMatchObject({
      client_id: id,
      grant_types: ['authorization_code', 'refresh_token'],
    });
    await api.close();
  });

  it('are no differences to answers of 1.11.10 but for what the list of the way has', () => {
    const answerOf = (wanted: string) => RECORDED.find(({ name }) => name === wanted)?.answer.body as object;
    const consents = answerOf('consents, first page of 2') as readonly { consent_request: object }[];
    const inBlue = consents.map(({ consent_request: { consent_request_id: challenge, ...request } }: Consent) => ({
      consent_request: { ...request, challenge },
      ...GRANTED,
    }));
    const inGreen = consents.map((consent) => ({ consent_request: consent.consent_request, ...GRANTED }));
    const { differences } = copyPathOf({ blue: '1.11.10', green: '26.2.0' });
    expect(compareAnswers(differences, 'consent', inBlue, inGreen.map(withConsentId))).toEqual([]);
    expect(compareAnswers(differences, 'consent', inBlue, inGreen)).toContainEqual({
      question: 'consent',
      path: '[].consent_request.challenge',
      kind: 'lost',
    });
    // A 2.3.0 that names consents so is none.
    const to230 = copyPathOf({ blue: '1.11.10', green: '2.3.0' });
    expect(compareAnswers(to230.differences, 'consent', inBlue, inGreen.map(withConsentId))).not.toEqual([]);
    const body = (value: unknown) => ({ status: 200, body: JSON.stringify(value) });
    expect(differingFields(differences, 'consent', body(inBlue), body(inGreen))).toEqual([]);
    expect(differingFields(differences, 'consent', body(inBlue), body(inGreen.slice(1)))).toEqual(['(all) changed']);
    const discovery = answerOf('discovery') as { readonly grant_types_supported: readonly string[] };
    const older = Object.fromEntries(Object.entries(discovery).filter(([name]) => !name.startsWith('device_')));
    const grants = discovery.grant_types_supported.filter((type) => !type.endsWith('device_code'));
    const [both, fewer] = [
      { ...older, grant_types_supported: grants },
      { ...older, grant_types_supported: [grants[0]] },
    ];
    expect(compareAnswers(differences, 'discovery', both, discovery)).toEqual([]);
    expect(compareAnswers(differences, 'discovery', fewer, discovery)).toHaveLength(1);
  });
});
