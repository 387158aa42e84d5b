import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { startTestGateway, type TestGateway } from '../../test/unit/gateway/support/test-gateway';
import { startHydra } from '../../test/support/hydra';
import { type TestDatabase } from '../../test/support/database';
import { adminLoginApp, createOauthClient, grantTokens, introspectToken, type OauthClient, OauthHttp } from '../../world/oauth'; // prettier-ignore

const CHAINS = 20;
const KEEP_MS = 30_000;
/** A refresh takes about 110 ms at a Hydra that has nothing else to do. */
const CUT_AFTER_MS = 60;
const STORMS = ['two at once', 'twenty at once', 'socket dropped, then retried'] as const;
type Storm = (typeof STORMS)[number];

/**
 * How many logins end by retries of a refresh at a real Hydra 1.11.10, with and without coalescing at the gateway: each chain is
 * refreshed once by a client that sends again, and then asked for.
 */
export async function measureStorms(database: TestDatabase['config']): Promise<void> {
  const hydra = await startHydra({ version: '1.11.10', database, loginAppUrl: 'http://127.0.0.1:9' });
  const http = new OauthHttp(hydra, { forwardedProto: true });
  try {
    const client = await createOauthClient(http);
    process.stdout.write(`chains killed of ${CHAINS}, without and with coalescing (goal with: 0)\n`);
    for (const storm of STORMS) {
      const killed = { without: 0, with: 0 };
      for (const how of ['without', 'with'] as const) {
        const config = { refreshRetries: { keepMs: how === 'with' ? KEEP_MS : 0 } };
        const gateway = await startTestGateway({ blue: hydra.publicUrl, config });
        try {
          for (let chain = 0; chain < CHAINS; chain += 1) {
            if (!(await survives(storm, gateway, http, client))) killed[how] += 1;
          }
        } finally {
          await gateway.close();
        }
      }
      const share = (count: number) => `${count} (${Math.round((count * 100) / CHAINS)} %)`;
      process.stdout.write(`  ${storm.padEnd(30)}  without ${share(killed.without)}   with ${share(killed.with)}\n`);
    }
  } finally {
    await http.close();
    await hydra.stop();
  }
}

/** @returns whether a client that takes the last answer it got has a login that lives */
async function survives(storm: Storm, gateway: TestGateway, http: OauthHttp, client: OauthClient): Promise<boolean> {
  const loginApp = adminLoginApp(http, { subject: 'ada' });
  const token = (await grantTokens(http, { client, loginApp })).tokens.refreshToken ?? '';
  const form = `grant_type=refresh_token&refresh_token=${encodeURIComponent(token)}`;
  const answers = await stormOf(storm, gateway, client, form);
  const last = answers.findLast(({ status }) => status === 200);
  if (last === undefined) return false;
  const { refresh_token: refreshToken, access_token: accessToken } = JSON.parse(last.text) as Record<string, string>;
  const active = [await introspectToken(http, refreshToken ?? ''), await introspectToken(http, accessToken ?? '')];
  return active.every((one) => one.active);
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function stormOf(storm: Storm, gateway: TestGateway, client: OauthClient, form: string): Promise<Answer[]> {
  const send = () => post(gateway, client, form);
  if (storm === 'two at once') return Promise.all([send(), send()]);
  if (storm === 'twenty at once') return Promise.all(Array.from({ length: 20 }, send));
  await dropped(gateway, client, form);
  return [await send()];
}

function post(gateway: TestGateway, client: OauthClient, form: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(`${gateway.publicUrl}/oauth2/token`, {
      method: 'POST',
      agent: false,
      headers: headers(client),
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', reject);
    });
    sent.end(form);
  });
}

/** A client whose connection breaks while Hydra works. */
async function dropped(gateway: TestGateway, client: OauthClient, form: string): Promise<void> {
  const socket = connect(gateway.publicPort, '127.0.0.1');
  await once(socket, 'connect');
  const lines = Object.entries({ ...headers(client), 'Content-Length': form.length });
  socket.write(
    `POST /oauth2/token HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${form}`,
  );
  await new Promise((resolve) => setTimeout(resolve, CUT_AFTER_MS));
  socket.destroy();
}

function headers(client: OauthClient): Record<string, string> {
  return {
    Host: 'x',
    Authorization: `Basic ${Buffer.from(`${client.id}:${client.secret ?? ''}`).toString('base64')}`,
    'Content-Type': 'application/x-www-form-urlencoded',
  };
}
