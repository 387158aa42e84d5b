import { hydraDsn, hydraSettings } from '../../../../world/hydra';
import { HYDRA_VERSIONS } from '../../../../world/toolchain';

const launch = {
  dsn: 'postgres://x',
  secretsSystem: 'sixteen characters',
  publicPort: 1,
  adminPort: 2,
  issuer: 'https://127.0.0.1:3/',
  loginUrl: 'l',
  consentUrl: 'c',
  logoutUrl: 'o',
};

describe('launch settings', () => {
  it('listen on loopback and send no telemetry, in every version', () => {
    for (const version of HYDRA_VERSIONS) {
      expect(hydraSettings(version, launch)).toMatchObject({
        SERVE_PUBLIC_HOST: '127.0.0.1',
        SERVE_ADMIN_HOST: '127.0.0.1',
        SQA_OPT_OUT: 'true',
        URLS_SELF_ISSUER: 'https://127.0.0.1:3/',
      });
    }
  });

  it('put 1.x behind a proxy that ends TLS, and give 2.x the cookie names of 1.x', () => {
    expect(hydraSettings('1.11.10', launch)).toHaveProperty('SERVE_TLS_ALLOW_TERMINATION_FROM', '127.0.0.1/32');
    const green = hydraSettings('2.3.0', launch);
    expect(green).not.toHaveProperty('SERVE_TLS_ALLOW_TERMINATION_FROM');
    expect(green).toHaveProperty('SERVE_COOKIES_NAMES_SESSION', 'oauth2_authentication_session');
  });

  it('let the caller’s extra settings win', () => {
    expect(hydraSettings('2.3.0', { ...launch, extra: { LOG_LEVEL: 'debug' } })).toHaveProperty('LOG_LEVEL', 'debug');
  });

  it('escape what a password may hold in the DSN', () => {
    const dsn = hydraDsn('127.0.0.1', 5432, { role: 'hydra', password: 'p@ss/w:rd?', database: 'hydra' });
    expect(new URL(dsn).hostname).toBe('127.0.0.1');
    expect(decodeURIComponent(new URL(dsn).password)).toBe('p@ss/w:rd?');
  });
});
