import { createServer, type Server } from 'node:http';
import { readFileSync } from 'node:fs';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { HttpHydraApi } from '../../../../adapters/hydra-api';
import { HydraHttp } from '../../../../adapters/hydra-api/hydra-http';
import { listConsents } from '../../../../adapters/hydra-api/list-consents';

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

/** The same request, whatever the order of its parameters. */
function sameRequest(method: string, path: string): string {
  const url = new URL(path, 'http://hydra.invalid');
  url.searchParams.sort();
  return `${method} ${url.pathname}?${url.searchParams.toString()}`;
}

describe('answers of a Hydra that pages by keys', () => {
  let server: Server;
  let adminUrl: string;

  beforeAll(async () => {
    const answers = new Map(
      RECORDED.map(({ request, answer }) => [sameRequest(request.method, request.path), answer] as const),
    );
    server = createServer((request, response) => {
      const answer = answers.get(sameRequest(request.method ?? '', request.url ?? ''));
      response.writeHead(answer?.status ?? 501, answer?.headers ?? {}).end(JSON.stringify(answer?.body ?? null));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    adminUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => new Promise((resolve) => server.close(resolve)));

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
});
