import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { xchacha20poly1305 } from '@noble/ciphers/chacha';
import { keyLine } from '../../../../gateway/node/derived-keys';
import { useParts } from '../support/fixture';
import { rawExchange } from '../support/sockets';
import { type TestGateway } from '../support/test-gateway';

const SECRETS = { SECRETS_SYSTEM: 'the-system-secret-in-use,one-that-was-in-use-before' };
const [, KEY = Buffer.alloc(0)] = keyLine('flows', SECRETS)
  .split(',')
  .map((key) => Buffer.from(key, 'base64url'));
const BEGAN = 'https://auth.example/oauth2/auth?client_id=a&state=s%2C1';
const LOGIN = '{}';
const CONSENT_VERIFIER = '{"p":3}';

/** As Hydra seals what is under way. */
function sealed(content: Uint8Array, purpose = LOGIN, key: Uint8Array = KEY): string {
  const nonce = randomBytes(24);
  const text = xchacha20poly1305(key, nonce, Buffer.from(purpose)).encrypt(content);
  return Buffer.concat([nonce, text]).toString('base64url');
}

const flow = (value: unknown, purpose = LOGIN, key: Uint8Array = KEY) =>
  sealed(gzipSync(JSON.stringify(value)), purpose, key);
const ofLogin = (challenge: string) => `/oauth2/auth/requests/login?login_challenge=${challenge}`;
const ofConsent = (verifier: string) => `/oauth2/auth?client_id=a&consent_verifier=${verifier}`;

describe('a login that the challenge holds', () => {
  const parts = useParts();

  const start = async () => {
    const side = (name: string) =>
      parts.upstream((request, response) => void request.resume().on('end', () => response.end(name)));
    const [blue, green] = [await side('blue'), await side('green')];
    return parts.gateway({
      blue: blue.url,
      green: green.url,
      config: { staleChallenges: { readFlows: true } },
      environment: { GATEWAY_FLOW_KEYS: keyLine('flows', SECRETS) },
    });
  };
  const flip = async (gateway: TestGateway) => {
    await gateway.stage(1, 'green');
    await gateway.apply(1);
  };
  const get = (port: number, path: string) =>
    rawExchange(port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);

  it('passes to blue, and back to blue after an undo; one that was held through the switchover begins anew', async () => {
    const gateway = await start();
    const [login, consent] = [ofLogin(flow({ RequestURL: BEGAN })), flow({ RequestURL: BEGAN }, CONSENT_VERIFIER)];
    const parked = async (epoch: number, end: () => Promise<unknown>) => {
      await gateway.stage(epoch, 'green');
      await gateway.hold(epoch);
      // What the login app says changes Hydra, so that it waits.
      const accept = `PUT ${login.replace('?', '/accept?')} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`;
      const answer = rawExchange(gateway.adminPort, accept);
      await gateway.until({ parked: 1 });
      await end();
      return answer;
    };
    expect(await get(gateway.adminPort, login)).toMatch(/blue$/);
    expect(await get(gateway.publicPort, ofConsent(consent))).toMatch(/blue$/);
    expect(await parked(1, () => gateway.revert(1))).toMatch(/blue$/);
    expect(await get(gateway.adminPort, login)).toMatch(/blue$/);
    expect(await parked(2, () => gateway.apply(2))).toMatch(/^HTTP\/1\.1 410 /);
    expect(await get(gateway.adminPort, login)).toContain(JSON.stringify({ redirect_to: BEGAN }));
    expect(await get(gateway.publicPort, ofConsent(consent))).toContain(`\r\nLocation: ${BEGAN}\r\n`);
  });

  it.each([
    ['of 2.3.0, which writes letters', flow({ r: BEGAN, i: 'an-id' })],
    ['of another key', flow({ RequestURL: BEGAN }, LOGIN, randomBytes(32))],
    ['of another kind', flow({ RequestURL: BEGAN }, CONSENT_VERIFIER)],
    ['of one character changed', flow({ RequestURL: BEGAN }).replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))],
    ['without an address', flow({ RequestURL: '' })],
    ['with an address that is no text', flow({ RequestURL: { href: BEGAN } })],
    ['with a script for an address', flow({ RequestURL: 'javascript:alert(1)' })],
    ['with an address of no scheme', flow({ RequestURL: '//evil.example/' })],
    ['with nothing', flow(null)],
    ['with a list', flow([{ RequestURL: BEGAN }])],
    ['that is no JSON', sealed(gzipSync('RequestURL'))],
    ['that is not packed', sealed(Buffer.from(JSON.stringify({ RequestURL: BEGAN })))],
    ['that unpacks to more than a login', sealed(gzipSync(Buffer.alloc(4_000_000, ' ')))],
    ['that is shorter than its nonce', 'c2hvcnQ'],
    ['of 8 KB', 'A'.repeat(8_192)],
    ['that is no base64', '%00%ff%zz..=='],
  ])("is green's to answer where it is one %s", async (_case, challenge) => {
    const gateway = await start();
    await flip(gateway);
    expect(await get(gateway.adminPort, ofLogin(challenge))).toMatch(/^HTTP\/1\.1 200 [^]*green$/);
  });

  it('puts no line of its own into the answer', async () => {
    const gateway = await start();
    await flip(gateway);
    const verifier = flow({ RequestURL: `${BEGAN}\r\nSet-Cookie: a=b\u2028é\ud800` }, CONSENT_VERIFIER);
    const answer = await get(gateway.publicPort, ofConsent(verifier));
    expect(answer).toContain(`\r\nLocation: ${BEGAN}%0D%0ASet-Cookie:%20a=b`);
    expect(answer).not.toMatch(/^set-cookie/im);
  });
});
