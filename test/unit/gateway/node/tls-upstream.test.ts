import { createServer } from 'node:https';
import { type AddressInfo } from 'node:net';
import * as tls from 'node:tls';
import { authority, type Authority } from '../../../support/authority';
import { useParts } from '../support/fixture';
import { rawExchange } from '../support/sockets';

const GET = 'GET /userinfo?x=1 HTTP/1.1\r\nHost: login.example\r\nConnection: close\r\n\r\n';

/** Of every Node.js that is supported; the types are older. */
const { getCACertificates, setDefaultCACertificates } = tls as unknown as {
  readonly getCACertificates: (kind: 'default') => string[];
  readonly setDefaultCACertificates: (certificates: readonly string[]) => void;
};

/** A side behind TLS, and what reached it: whether it is ready is asked all the while. */
async function startSide(ca: Authority, name: string) {
  const seen: (string | undefined)[] = [];
  const server = createServer(await ca.issue(name), (request, response) => {
    seen.push(`${request.headers.host ?? ''}${request.url ?? ''}`);
    response.end('over TLS');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { seen, port, close };
}

describe('a side that is reached over TLS', () => {
  const parts = useParts();
  const before = getCACertificates('default');
  let trusted: Authority;
  let stranger: Authority;
  beforeAll(async () => {
    [trusted, stranger] = await Promise.all([authority(), authority()]);
    // As NODE_EXTRA_CA_CERTS does for a process.
    setDefaultCACertificates([...before, trusted.cert]);
  });
  afterAll(() => setDefaultCACertificates(before));

  it.each(['localhost', '127.0.0.1'])(
    'answers by its name %s, with the host that the client asked for',
    async (name) => {
      const side = await parts.keep(startSide(trusted, name));
      const gateway = await parts.gateway({ blue: `https://${name}:${side.port}` });
      expect(await rawExchange(gateway.publicPort, GET)).toMatch(/^HTTP\/1\.1 200 [^]*over TLS$/);
      expect(side.seen).toContain('login.example/userinfo?x=1');
    },
  );

  it.each<[string, () => Authority, string]>([
    ['for which nobody vouches', () => stranger, 'localhost'],
    ['whose certificate is for another name', () => trusted, 'hydra.example'],
  ])('is sent nothing %s: 502', async (_what, ca, name) => {
    const side = await parts.keep(startSide(ca(), name));
    const gateway = await parts.gateway({ blue: `https://localhost:${side.port}` });
    expect(await rawExchange(gateway.publicPort, GET)).toMatch(/^HTTP\/1\.1 502 /);
    expect(side.seen).toEqual([]);
  });
});
