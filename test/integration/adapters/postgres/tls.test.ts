import { readFileSync } from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DatabaseLocation, PostgresDatabases } from '../../../../adapters/postgres/postgres-databases';
import { queryRows } from '../../../../domain/ports/sql-client';
import { createLogin } from '../../../../world/hydra';
import { worldCertificates } from '../../../../world/tls/world-certificates';
import { OwnCluster } from '../../../support/own-cluster';

const NO_PROVIDER = { describeInstance: async () => undefined };
const PASSWORD = 'password-of-the-test';
let withTls: OwnCluster;
let plain: OwnCluster;
let ca = '';
let otherCa = '';

beforeAll(async () => {
  [withTls, plain] = await Promise.all([OwnCluster.start(15), OwnCluster.start(15, { tls: false })]);
  for (const { host, port, master } of [withTls, plain]) await createLogin({ host, port, ...master }, 'tool', PASSWORD);
  ca = readFileSync(withTls.caFile, 'utf8');
  const folder = mkdtempSync(join(tmpdir(), 'other-ca-'));
  otherCa = readFileSync((await worldCertificates(folder)).caFile, 'utf8');
  rmSync(folder, { recursive: true });
});
afterAll(() => Promise.all([withTls.stop(), plain.stop()]));

function databases(cluster: OwnCluster, change: Partial<DatabaseLocation>): PostgresDatabases {
  const location: DatabaseLocation = {
    ...{ host: '127.0.0.1', port: cluster.port, name: 'postgres', user: 'tool', password: () => PASSWORD },
    ssl: { mode: 'verify-full', ca },
    ...change,
  };
  return new PostgresDatabases({ sides: { blue: location, green: location }, provider: NO_PROVIDER });
}

const cipher = (made: PostgresDatabases, login?: { user: string; password: string }) =>
  made.withSession(
    'blue',
    async (session) =>
      (await queryRows<{ ssl: boolean }>(session, 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()'))[0]?.ssl,
    login === undefined ? {} : { login },
  );

describe('a session on a database with verify-full', () => {
  it('is encrypted and with the server that is meant, also for the roles of one run', async () => {
    const made = databases(withTls, {});
    expect(await cipher(made)).toBe(true);
    expect(await cipher(made, { user: 'tool', password: PASSWORD })).toBe(true);
    expect(await made.address('green')).toMatchObject({ sslMode: 'verify-full', ca });
  });

  it.each([
    [
      'is refused when the authority is another',
      () => databases(withTls, { ssl: { mode: 'verify-full', ca: otherCa } }),
      /of an authority that is not trusted .*blue\.database\.ssl\.ca .*truststore\.pki\.rds\.amazonaws\.com/,
    ],
    [
      'is refused when no authority is named and nobody else trusts it',
      () => databases(withTls, { ssl: { mode: 'verify-full' } }),
      /of an authority that is not trusted/,
    ],
    [
      'is refused when the certificate is of another host',
      // The same address under a name that does not stand in the certificate.
      () => databases(withTls, { host: '127.1' }),
      /of another host .*127\.1.*set blue\.database\.host to a name that stands in it/,
    ],
    [
      'is refused when the server speaks no TLS',
      () => databases(plain, {}),
      /the server speaks no TLS, but the config asks for it; turn TLS on/,
    ],
  ])('%s', async (_title, made, message) => {
    const refused: unknown = await cipher(made()).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'DB_UNTRUSTED', retryable: false });
    expect((refused as Error).message).toMatch(message);
    expect((refused as Error).message).not.toContain(PASSWORD);
  });

  it('is what a server asks for that lets nobody in without TLS', async () => {
    await expect(cipher(databases(withTls, { ssl: { mode: 'disable' } }))).rejects.toMatchObject({
      code: 'DB_UNREACHABLE',
      message: expect.stringMatching(/refuses this role from this host.*TLS mode/) as string,
    });
  });
});

describe('a password that was rotated', () => {
  it('is read again after it was refused, once, and not when there is no newer one', async () => {
    let password = 'old';
    let looks = 0;
    const location: DatabaseLocation = {
      ...{ host: '127.0.0.1', port: withTls.port, name: 'postgres', user: 'tool', password: () => password },
      ssl: { mode: 'verify-full', ca },
    };
    const made = (newer: string) =>
      new PostgresDatabases({
        sides: { blue: location, green: location },
        provider: NO_PROVIDER,
        renewSecrets: async () => {
          looks += 1;
          const changed = password !== newer;
          password = newer;
          return changed;
        },
      });
    await expect(cipher(made('old'))).rejects.toThrow(/refuses the password/);
    expect(looks).toBe(1);
    expect(await cipher(made(PASSWORD))).toBe(true);
    expect(looks).toBe(2);
    password = 'old';
    await expect(cipher(made('wrong too'))).rejects.toThrow(/refuses the password/);
    expect(looks).toBe(3);
  });
});
