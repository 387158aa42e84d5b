import { type Config } from '../../../config/schema';
import { temporalConnection } from '../../../config/temporal-connection';
import { minimalConfig, useConfigFolder } from './config-files';

const files = useConfigFolder();
const temporal = (section: object): Config['temporal'] =>
  files.load({ ...minimalConfig(), temporal: section }, { env: { K: 'key' } }).temporal;

describe('the connection to Temporal', () => {
  const noFile = () => ({ TEMPORAL_CONFIG_FILE: files.path('none.toml') });

  it('goes to the dev server of this machine when nothing is said', () => {
    expect(temporalConnection(temporal({}), noFile())).toMatchObject({
      namespace: 'default',
      connectionOptions: { address: 'localhost:7233' },
    });
  });

  it('prefers the config to variables, and those to the profile', () => {
    files.write(
      '[profile.default]\naddress = "profile:1"\nnamespace = "from-profile"\n[profile.other]\naddress = "other:1"\n',
      't.toml',
    );
    const env = { TEMPORAL_CONFIG_FILE: files.path('t.toml') };
    const connect = (section: object, more = {}) => {
      const { namespace, connectionOptions } = temporalConnection(temporal(section), { ...env, ...more });
      return [connectionOptions.address, namespace];
    };
    expect(connect({})).toEqual(['profile:1', 'from-profile']);
    expect(connect({ profile: 'other' })).toEqual(['other:1', 'default']);
    expect(connect({}, { TEMPORAL_ADDRESS: 'env:1' })).toEqual(['env:1', 'from-profile']);
    expect(connect({ address: 'config:1', namespace: 'n' }, { TEMPORAL_ADDRESS: 'env:1' })).toEqual(['config:1', 'n']);
    expect(() => connect({ profile: 'missing' })).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining('missing') as string,
      }) as Error,
    );
  });

  it('never sends an API key in the clear by default', () => {
    expect(temporalConnection(temporal({ apiKey: '${env:K}' }), noFile()).connectionOptions).toMatchObject({
      apiKey: 'key',
      tls: true,
    });
    const off = temporal({ apiKey: '${env:K}', tls: { enabled: false } });
    expect(temporalConnection(off, noFile()).connectionOptions.tls).toBe(false);
  });

  it('hands a client certificate and its key over as bytes', () => {
    const pem = '-----BEGIN CERTIFICATE-----';
    const tls = { serverCa: pem, clientCert: pem, clientKey: '${env:K}', serverName: 's' };
    expect(temporalConnection(temporal({ tls }), noFile()).connectionOptions.tls).toEqual({
      serverNameOverride: 's',
      serverRootCACertificate: Buffer.from(pem),
      clientCertPair: { crt: Buffer.from(pem), key: Buffer.from('key') },
    });
  });
});
