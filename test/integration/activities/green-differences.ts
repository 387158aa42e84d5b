import { startGreen } from '../../../activities/green-hydra';
import { HttpGateway } from '../../../adapters/gateway/http-gateway';
import { type StepContext } from '../../../activities/step';
import { type HydraApi } from '../../../domain/ports/hydra-api';
import { type Gateway } from '../../../domain/ports/targets';
import { type SideName } from '../../../domain/sides';
import { keyLine } from '../../../gateway/node/derived-keys';
import { startTestGateway } from '../../unit/gateway/support/test-gateway';
import { type GreenFixture, SECRET } from './green-fixture';
import { type GreenHydras } from './green-hydras';

/** Greens that are not what blue's users know, each beside the one that is; with a green that is guarded and closed. */
export function declareDifferenceTests(
  hydras: GreenHydras,
  fixture: () => GreenFixture,
  context: () => StepContext,
): void {
  it('is another one to browsers and clients when it was started with other settings: each is named before the commit', async () => {
    const settings = {
      SERVE_COOKIES_NAMES_LOGIN_CSRF: 'ory_hydra_login_csrf',
      SERVE_PUBLIC_CORS_ALLOWED_ORIGINS: 'https://global.example',
      WEBFINGER_OIDC_DISCOVERY_SUPPORTED_SCOPE: 'openid,unheard-of',
    };
    await hydras.withOtherGreen(fixture(), settings, async (hydra) => {
      const { differences } = await startGreen(fixture().deps({ hydra }), fixture().input, context());
      expect(differences).toEqual([
        expect.stringMatching(/discovery document: scopes_supported is changed/),
        expect.stringMatching(/sets the cookie ory_hydra_login_csrf_\d+ .* not oauth2_authentication_csrf/),
        expect.stringMatching(/no preflight request of https:\/\/spa\.example, which 3 clients allow/),
      ]);
    });
  });

  it('is another one to gateways when it signs cookies with another secret: no session of blue would be known there', async () => {
    const gateway = await startTestGateway({
      config: { sessionCookies: { translate: true } },
      environment: { GATEWAY_COOKIE_KEYS: keyLine('cookies', { SECRETS_SYSTEM: SECRET }) },
    });
    const { controlUrl, token } = gateway;
    const translating = new HttpGateway({ name: 'one', controlUrl, token: () => token });
    const without = { name: 'without keys', opensCookie: () => Promise.resolve(null) } as Partial<Gateway> as Gateway;
    const told = async (hydra: HydraApi) => {
      const deps = fixture().deps({ hydra, gateways: [without, translating] });
      return (await startGreen(deps, fixture().input, context())).differences;
    };
    try {
      expect(await told(hydras.api())).toEqual([]);
      await hydras.withOtherGreen(fixture(), { SECRETS_COOKIE: 'a-secret-that-blue-has-not' }, async (hydra) => {
        expect(await told(hydra)).toEqual([
          expect.stringMatching(
            /^gateway one cannot open the cookie oauth2_authentication_csrf_\d+ of green: .*logs in once more$/,
          ),
        ]);
      });
    } finally {
      await translating.close();
      await gateway.close();
    }
  });

  it('is missing keys that blue signs with, and is told so by the key and not by its name', async () => {
    const api = hydras.api();
    const hydra = new Proxy(api, {
      get: (_, name: keyof typeof api) =>
        name === 'signingKeys'
          ? async (side: SideName) => (side === 'blue' ? api.signingKeys('blue') : ['another'])
          : (api[name] as () => unknown).bind(api),
    });
    const { differences } = await startGreen(fixture().deps({ hydra }), fixture().input, context());
    expect(differences).toEqual([expect.stringMatching(/lacks (\d) of the \1 keys that blue signs with/)]);
  });
}
