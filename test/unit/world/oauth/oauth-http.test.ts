import {
  OauthHttp,
  type OauthHttpOptions,
  type RequestSample,
  adminLoginApp,
  authorize,
  introspectToken,
  listConsents,
  refreshTokens,
} from '../../../../world/oauth';
import { type HttpAnswer, serveHttp, type TestServer } from '../../../support/http-server';

let server: TestServer | undefined;
let http: OauthHttp | undefined;

afterEach(async () => {
  await http?.close();
  await server?.close();
});

async function serving(handler: HttpAnswer, options: OauthHttpOptions = {}): Promise<OauthHttp> {
  server = await serveHttp(handler);
  const { url } = server;
  http = new OauthHttp(
    { publicUrl: url, adminUrl: url, adminPrefix: '/admin', issuer: 'https://id.example/' },
    options,
  );
  return http;
}

async function close(): Promise<void> {
  await http?.close();
  await server?.close();
}

const client = { id: 'a b', secret: 'p:q', redirectUri: 'http://127.0.0.1:9/callback', scope: ['openid'] };

describe('requests', () => {
  it('encode the client’s name and secret before they are joined, and go below the admin prefix', async () => {
    const seen: string[] = [];
    const target = await serving((request, response, body) => {
      seen.push(`${request.url} ${request.headers.authorization ?? ''} ${body}`);
      response.end('{"access_token":"a","expires_in":1,"active":true}');
    });
    await refreshTokens(target, client, 'r');
    await introspectToken(target, 't');
    const basic = Buffer.from('a%20b:p%3Aq').toString('base64');
    expect(seen).toEqual([
      `/oauth2/token Basic ${basic} grant_type=refresh_token&refresh_token=r`,
      '/admin/oauth2/introspect  token=t',
    ]);
    await close();
  });

  it('send X-Forwarded-Proto only when asked to', async () => {
    const seen: unknown[] = [];
    const handler: HttpAnswer = (request, response) => {
      seen.push(request.headers['x-forwarded-proto']);
      response.end('{"active":false}');
    };
    await introspectToken(await serving(handler), 't');
    await close();
    await introspectToken(await serving(handler, { forwardedProto: true }), 't');
    await close();
    expect(seen).toEqual([undefined, 'https']);
  });

  it('tell a refusal by status and OAuth error, and never quote the token', async () => {
    const target = await serving((_request, response) => {
      response.writeHead(400).end('{"error":"invalid_grant","error_description":"gone"}');
    });
    const refused = refreshTokens(target, client, 'very-secret');
    await expect(refused).rejects.toMatchObject({
      code: 'HYDRA_UNEXPECTED',
      details: { operation: 'refresh', statusCode: 400, oauthError: 'invalid_grant' },
      message: expect.not.stringContaining('very-secret') as string,
    });
    await close();
  });

  it('call an answer of another shape unexpected, not a success', async () => {
    const target = await serving((_request, response) => void response.end('<html>proxy says hello</html>'));
    await expect(introspectToken(target, 't')).rejects.toMatchObject({ code: 'HYDRA_UNEXPECTED' });
    await expect(listConsents(target, 's')).rejects.toMatchObject({ code: 'HYDRA_UNEXPECTED' });
    await close();
  });

  it('call a connection that ends without an answer unreachable, and report it as a sample without status', async () => {
    const samples: RequestSample[] = [];
    const target = await serving((request) => void request.socket.destroy(), { onRequest: (s) => samples.push(s) });
    await expect(refreshTokens(target, client, 'r')).rejects.toMatchObject({
      code: 'HYDRA_UNREACHABLE',
      retryable: true,
    });
    expect(samples).toMatchObject([{ operation: 'refresh', statusCode: undefined }]);
    await close();
  });

  it('give up on an answer that does not end', async () => {
    const target = await serving((_request, response) => void response.writeHead(200).write('{'), { timeoutMs: 100 });
    await expect(introspectToken(target, 't')).rejects.toMatchObject({ code: 'HYDRA_UNREACHABLE' });
    await close();
  });
});

describe('consent list', () => {
  const entry = (challenge: string) => ({
    grant_scope: ['openid'],
    remember: true,
    consent_request: { challenge, client: { client_id: 'web' } },
  });

  it('goes on to the total, over pages that are empty because everything on them has expired', async () => {
    const pages: Record<string, unknown> = { '0': [entry('a'), entry('b')], '2': [], '4': [entry('c')] };
    const asked: unknown[] = [];
    const target = await serving((request, response) => {
      const query = new URL(request.url ?? '', 'http://x').searchParams;
      const token = query.get('page_token');
      const read = (text: string) =>
        (JSON.parse(Buffer.from(text, 'base64url').toString()) as { offset: number }).offset;
      asked.push([query.get('limit'), query.get('page_size'), token === null ? null : read(token)]);
      response.setHeader('X-Total-Count', '5');
      response.end(JSON.stringify(pages[query.get('offset') ?? '']));
    });
    expect((await listConsents(target, 's', { pageSize: 2 })).map((found) => found.challenge)).toEqual(['a', 'b', 'c']);
    expect(asked).toEqual([
      ['2', '2', null],
      ['2', '2', 2],
      ['2', '2', 4],
    ]);
    await close();
  });

  it('is one page when the server does not say how many there are', async () => {
    const target = await serving((_request, response) => void response.end(JSON.stringify([entry('a')])));
    expect(await listConsents(target, 's')).toHaveLength(1);
    await close();
  });
});

describe('authorize', () => {
  const run = (target: OauthHttp) => authorize(target, { client, loginApp: adminLoginApp(target, { subject: 'ada' }) });

  it('sends redirects that name the issuer to the public listener', async () => {
    const hops: string[] = [];
    const target = await serving((request, response) => {
      const url = new URL(request.url ?? '', 'http://x');
      hops.push(url.pathname);
      const state = url.searchParams.get('state') ?? '';
      const location =
        url.pathname === '/oauth2/auth'
          ? `https://id.example/second?state=${state}`
          : `${client.redirectUri}?code=xyz&state=${state}`;
      response.writeHead(302, { location }).end();
    });
    expect(await run(target)).toMatchObject({ code: 'xyz', redirectUri: client.redirectUri });
    expect(hops).toEqual(['/oauth2/auth', '/second']);
    await close();
  });

  it('takes no code that comes with another state', async () => {
    const target = await serving((_request, response) => {
      response.writeHead(302, { location: `${client.redirectUri}?code=xyz&state=forged` }).end();
    });
    await expect(run(target)).rejects.toMatchObject({
      code: 'HYDRA_UNEXPECTED',
      message: expect.stringContaining('another state') as string,
    });
    await close();
  });

  it('gives up on redirects that lead in a circle', async () => {
    const target = await serving((_request, response) => {
      response.writeHead(302, { location: 'https://id.example/again' }).end();
    });
    await expect(run(target)).rejects.toMatchObject({ message: expect.stringContaining('20 redirects') as string });
    await close();
  });
});
