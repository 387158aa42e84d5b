import { pageLoginApp } from '../../../../world/login-app/page-login-app';
import { OauthHttp, grantTokens } from '../../../../world/oauth';
import { type TestDatabase } from '../../../support/database';
import { ask, ServiceProcess } from '../../../support/service-process';
import { SIDES, type Side, type TwoSides } from './two-sides';

const PASSWORD = 'one for all';
/** No answer is given up because this machine is busy. */
const hydraDeadlineMs = 60_000;

export type Flippable = 'gateway' | 'policies' | 'resource';

/** The gateway, the login app behind it, and both dependents, as processes; at first everything is on blue. */
export class FlippedSystems {
  private readonly systems: Readonly<Record<Flippable | 'loginApp', ServiceProcess>>;
  private users = 0;

  constructor(
    private readonly sides: TwoSides,
    policyDatabase: TestDatabase,
  ) {
    this.systems = {
      gateway: new ServiceProcess('gateway/main.ts'),
      policies: new ServiceProcess('world/policy-service/main.ts', () => ({
        POLICY_DATABASE_URL: databaseUrl(policyDatabase),
      })),
      resource: new ServiceProcess('world/resource-api/main.ts'),
      loginApp: new ServiceProcess('world/login-app/main.ts'),
    };
  }

  async start(): Promise<void> {
    const { gateway, policies, resource, loginApp } = this.systems;
    const { ports, hydraOf, stateOf } = this.sides;
    const sides = SIDES.map((side) => [side, { publicUrl: hydraOf(side).publicUrl, ...stateOf(side) }] as const);
    await gateway.configure({
      listeners: { public: { port: ports.gateway }, admin: { port: 0 }, control: { port: 0 } },
      sides: Object.fromEntries(sides),
      stateFile: 'gateway.json',
      logLevel: 'warn',
    });
    await gateway.start();
    await loginApp.configure({
      listen: { port: ports.loginApp },
      hydra: { adminUrl: gateway.ready['adminUrl'], apiGeneration: 1 },
      password: PASSWORD,
      hydraDeadlineMs,
    });
    const dependent = (service: ServiceProcess) => ({
      stateFile: `${service.folder}/target.json`,
      initial: stateOf('blue'),
      hydraDeadlineMs,
    });
    await policies.configure({
      ...dependent(policies),
      cleanup: { intervalMs: 86_400_000, policyAgeMsMin: 0 },
    });
    await resource.configure(dependent(resource));
    await Promise.all([loginApp.start(), policies.start(), resource.start()]);
  }

  async dispose(): Promise<void> {
    for (const system of Object.values(this.systems)) await system.dispose();
  }

  /** A new user logs in through the gateway, is given a policy, and uses both dependents after the cleanup job ran. */
  async useOnce(): Promise<{ resource: number; check: number }> {
    const { gateway, policies, resource, loginApp } = this.systems;
    const endpoints = {
      publicUrl: gateway.ready['publicUrl'] ?? '',
      adminUrl: gateway.ready['adminUrl'] ?? '',
      adminPrefix: '',
      issuer: this.sides.hydraOf('blue').issuer,
    } as const;
    const http = new OauthHttp(endpoints);
    try {
      const username = `user ${++this.users}`;
      const client = this.sides.clientOf('blue');
      const pages = pageLoginApp({ url: loginApp.url, username, password: PASSWORD });
      const { tokens } = await grantTokens(http, { client, loginApp: pages });
      await ask('PUT', `${policies.url}/policies/${encodeURIComponent(username)}/${client.id}`);
      const run = await policies.control('POST', '/job/run');
      if (run.status !== 200) throw new Error(`the job did not run: ${run.text}`);
      const query = new URLSearchParams({ subject: username, client: client.id }).toString();
      const used = await resource.get('/resource', { authorization: `Bearer ${tokens.accessToken}` });
      return { resource: used.status, check: (await policies.get(`/check?${query}`)).status };
    } finally {
      await http.close();
    }
  }

  async flip(which: readonly Flippable[], epoch: number): Promise<void> {
    for (const name of which) {
      const answer = await this.systems[name].flip(epoch, this.stateFor(name, 'green'));
      if (answer.status !== 200) throw new Error(`${name} refused epoch ${epoch}: ${answer.text}`);
    }
  }

  async revert(which: readonly Flippable[], epoch: number): Promise<void> {
    for (const name of which) {
      const answer = await this.systems[name].control('POST', '/target/revert', { epoch });
      if (answer.status !== 200) throw new Error(`${name} did not revert epoch ${epoch}: ${answer.text}`);
    }
  }

  private stateFor(name: Flippable, side: Side): object {
    if (name !== 'gateway') return this.sides.stateOf(side);
    return { mode: 'pass', weights: { blue: side === 'blue' ? 1 : 0, green: side === 'green' ? 1 : 0 } };
  }
}

export function databaseUrl({ config }: TestDatabase): string {
  return `postgres://${config.user}:${String(config.password)}@${config.host}:${config.port}/${config.database}`;
}
