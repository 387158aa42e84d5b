import { HttpHydraApi } from '../../../adapters/hydra-api';
import { type SideName } from '../../../domain/sides';
import { type TestHydra, startHydra } from '../../support/hydra';
import { type GreenFixture, SECRET } from './green-fixture';

const ISSUER = 'https://127.0.0.1:9000/';
const NOBODY = 'http://127.0.0.1:9';
/** A page of a client of blue's; a 1.x answers every preflight request, a 2.x those of its own settings. */
export const CLIENT_ORIGIN = 'https://spa.example';
const CORS = {
  SERVE_PUBLIC_CORS_ENABLED: 'true',
  SERVE_PUBLIC_CORS_ALLOWED_ORIGINS: `https://global.example,${CLIENT_ORIGIN}`,
};

/** Real Hydras, 1.11.10 on blue and 2.3.0 on green of a fixture, and the API of the product that asks them. */
export class GreenHydras {
  readonly #running = new Map<SideName, TestHydra>();
  #api: HttpHydraApi | undefined;

  async start(fixture: GreenFixture, side: SideName): Promise<void> {
    this.#running.set(side, await this.#launch(fixture, side, CORS));
  }

  /** Runs `work` with a green whose Hydra was started with `settings` on top. */
  async withOtherGreen(
    fixture: GreenFixture,
    settings: Readonly<Record<string, string>>,
    work: (api: HttpHydraApi) => Promise<void>,
  ): Promise<void> {
    const other = await this.#launch(fixture, 'green', { ...CORS, ...settings });
    const { publicUrl, adminUrl } = other;
    const api = new HttpHydraApi({
      sides: { blue: this.#endpoints('blue'), green: { publicUrl, adminUrl, apiGeneration: 2 } },
    });
    try {
      await work(api);
    } finally {
      await api.close();
      await other.stop();
    }
  }

  async #launch(fixture: GreenFixture, side: SideName, extra: Readonly<Record<string, string>>): Promise<TestHydra> {
    const { host, port } = await fixture.databases.address(side);
    const password = side === 'blue' ? fixture.hydra.password : fixture.greenPassword;
    const version = side === 'blue' ? '1.11.10' : '2.3.0';
    const database = { host, port, user: fixture.hydra.role, password, database: fixture.names.database };
    return startHydra({ version, database, loginAppUrl: NOBODY, issuer: ISSUER, secretsSystem: SECRET, extra });
  }

  async stop(side: SideName): Promise<void> {
    await this.#running.get(side)?.stop();
  }

  /** @param green whose Hydra answers at green's address */
  api(green: SideName = 'green'): HttpHydraApi {
    void this.#api?.close();
    this.#api = new HttpHydraApi({ sides: { blue: this.#endpoints('blue'), green: this.#endpoints(green) } });
    return this.#api;
  }

  /** As the user would, by green's own API. */
  revokeConsents(subject: string): Promise<void> {
    return this.#removeOnGreen('consent', { subject, all: 'true' });
  }

  /** What a logout does. */
  endSessions(subject: string): Promise<void> {
    return this.#removeOnGreen('login', { subject });
  }

  async #removeOnGreen(what: 'consent' | 'login', query: Readonly<Record<string, string>>): Promise<void> {
    const path = `/admin/oauth2/auth/sessions/${what}?${new URLSearchParams(query).toString()}`;
    const url = `${this.#endpoints('green').adminUrl}${path}`;
    const { status } = await fetch(url, { method: 'DELETE', headers: { 'x-forwarded-proto': 'https' } });
    if (status !== 204) throw new Error(`green answered ${status} to the removal of ${what} sessions`);
  }

  async close(): Promise<void> {
    for (const hydra of this.#running.values()) await hydra.stop();
    await this.#api?.close();
  }

  #endpoints(side: SideName) {
    const { publicUrl = NOBODY, adminUrl = NOBODY } = this.#running.get(side) ?? {};
    return { publicUrl, adminUrl, apiGeneration: side === 'blue' ? (1 as const) : (2 as const) };
  }
}
