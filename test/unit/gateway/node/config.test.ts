import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CutoverFault } from '../../../../domain/faults';
import { loadGatewayConfig } from '../../../../gateway/node/config';
import { createKeyTrials } from '../../../../gateway/node/create-key-trials';
import { keyLine } from '../../../../gateway/node/derived-keys';
import { testConfig } from '../support/test-gateway';

describe('the config', () => {
  let folder: string;
  const environment = { GATEWAY_CONTROL_TOKEN: 'a-token-of-sixteen-or-more' };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gateway-config-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const load = async (content: string, env: NodeJS.ProcessEnv = environment) => {
    const file = join(folder, 'gateway.yaml');
    await writeFile(file, content);
    return loadGatewayConfig(file, env);
  };
  const faultOf = async (content: string, env?: NodeJS.ProcessEnv): Promise<CutoverFault> =>
    load(content, env).then(
      () => {
        throw new Error('the config was accepted');
      },
      (error: CutoverFault) => error,
    );

  it('takes paths relative to its own folder and fills in the defaults', async () => {
    const written = { ...testConfig(folder, {}), hold: undefined, stateFile: 'state/g.json' };
    const { config } = await load(JSON.stringify(written));
    expect(config.stateFile).toBe(join(folder, 'state', 'g.json'));
    expect(config.hold).toEqual({
      maxParked: 10_000,
      maxParkedBytes: 67_108_864,
      maxParkedMs: 15_000,
      releaseAtOnce: 8,
      deadlineMs: 10_000,
      drainTimeoutMs: 5_000,
    });
    expect(config.initialWeights).toEqual({ blue: 1, green: 0 });
  });

  it('is good as the example that is shipped has it, with nothing left to be added but secrets and files', async () => {
    const example = join(__dirname, '..', '..', '..', '..', 'examples', 'gateway.yaml');
    const secrets = { ...environment, GATEWAY_DOUBT_PASSWORD: 'x', GATEWAY_COOKIE_KEYS: 'eHh4eHh4' };
    const { config } = await loadGatewayConfig(example, secrets);
    expect(config).toMatchObject({ trustedProxies: ['10.0.0.0/24'], sessionCookies: { translate: true } });
    const ca = join(__dirname, '..', '..', '..', '..', 'examples', 'certificates', 'workers-ca.pem');
    expect(config.listeners.control.tls?.clientCaFile).toBe(ca);
  });

  it.each(['10.0.0.0/33', '10.0.0', 'lb.example', '::1/129', '10.0.0.0/8/8'])(
    'takes %s for no proxy',
    async (proxy) => {
      const fault = await faultOf(JSON.stringify(testConfig(folder, { config: { trustedProxies: [proxy] } })));
      expect(fault.message).toContain('trustedProxies.0');
    },
  );

  it('reports every problem at once, with its path', async () => {
    const base = testConfig(folder, { blue: 'http://user:pw@127.0.0.1/base' });
    const bad = {
      ...base,
      listeners: { public: { port: 70_000 }, admin: {}, control: { host: '0.0.0.0', port: 0 } },
      doubt: { kind: 'oracle' },
      surprise: true,
    };
    const fault = await faultOf(JSON.stringify(bad), { GATEWAY_CONTROL_TOKEN: 'short' });
    expect(fault.code).toBe('CONFIG_INVALID');
    expect(fault.exitCode).toBe(2);
    for (const part of [
      'listeners.public.port',
      'listeners.admin.port',
      'listeners.control.host: other machines would send secrets to it in plain text',
      'sides.blue.publicUrl: takes no path',
      'doubt.kind',
      '"surprise"',
      'GATEWAY_CONTROL_TOKEN',
    ]) {
      expect(fault.message).toContain(part);
    }
    expect(fault.message).not.toContain('pw@');
  });

  const OTHERS = ['0.0.0.0', '::', '10.0.0.1', 'example.com', '127.0.0.1.evil.example'];
  it.each(['public', 'admin', 'control'].flatMap((name) => OTHERS.map((host) => [name, host] as const)))(
    'refuses plain text on the %s listener at %s, which other machines reach, unless a key allows it',
    async (name, host) => {
      const at = (more: object) => {
        const listeners = {
          public: { port: 0 },
          admin: { port: 0 },
          control: { port: 0 },
          [name]: { host, port: 0, ...more },
        };
        return JSON.stringify(testConfig(folder, { config: { listeners } }));
      };
      expect((await faultOf(at({}))).message).toContain(`listeners.${name}.host`);
      expect((await load(at({ allowPlaintext: true }))).config.listeners).toMatchObject({ [name]: { host } });
      const tls = { certFile: 'cert.pem', keyFile: 'key.pem' };
      expect((await load(at({ tls }))).config.listeners).toMatchObject({
        [name]: { tls: { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') } },
      });
    },
  );

  it('refuses to send the token of a doubt to another machine in plain text, unless a key allows it', async () => {
    const asking = (url: string, more: object = {}) =>
      JSON.stringify(testConfig(folder, { config: { doubt: { kind: 'http', url, ...more } } }));
    for (const url of ['http://10.0.0.1/claim', 'http://127.example/claim', 'http://[::2]/claim']) {
      expect((await faultOf(asking(url))).message).toContain('doubt.url: the token would be sent');
      expect((await load(asking(url, { allowPlaintext: true }))).config.doubt).toMatchObject({ url });
    }
    for (const url of ['https://10.0.0.1/claim', 'http://127.0.0.1:1/claim', 'http://[::1]/claim'])
      expect((await load(asking(url))).config.doubt).toMatchObject({ url });
  });

  it('has the same keys until others are in their files: what is known of keys holds until then', async () => {
    const [tokenFile, keysFile] = [join(folder, 'token'), join(folder, 'keys')];
    await writeFile(tokenFile, environment.GATEWAY_CONTROL_TOKEN);
    await writeFile(keysFile, keyLine('cookies', { SECRETS_COOKIE: 'of-blue' }));
    const config = JSON.stringify(testConfig(folder, { config: { sessionCookies: { translate: true } } }));
    const loaded = await load(config, { GATEWAY_CONTROL_TOKEN_FILE: tokenFile, GATEWAY_COOKIE_KEYS_FILE: keysFile });
    const tried = () => createKeyTrials(loaded).trials.map(({ keys }) => keys());
    const before = tried();
    await writeFile(tokenFile, `another-${environment.GATEWAY_CONTROL_TOKEN}`);
    await loaded.reloadSecrets();
    expect(loaded.controlToken).toMatch(/^another-/);
    expect(tried()[0]).toBe(before[0]);
    await writeFile(keysFile, keyLine('cookies', { SECRETS_COOKIE: 'of-another' }));
    await loaded.reloadSecrets();
    expect(tried()).toEqual([[Buffer.from('of-another')]]);
  });

  it('says which file cannot be read, or is no YAML', async () => {
    expect((await faultOf('a: [')).code).toBe('CONFIG_UNREADABLE');
    const missing = join(folder, 'missing.yaml');
    await expect(loadGatewayConfig(missing, environment)).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE' });
  });
});
