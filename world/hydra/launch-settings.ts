import { HYDRA_MIGRATIONS } from '../../hydra/versions';
import { type HydraVersion } from '../toolchain/types';

/** What a Hydra of the world is told; how it is told differs by version. */
export interface HydraLaunch {
  /** Without credentials in any log: it reaches the process by its environment only. */
  readonly dsn: string;
  /** At least 16 characters; blue and green share it, or tokens and challenges of one are nothing to the other. */
  readonly secretsSystem: string;
  readonly publicPort: number;
  readonly adminPort: number;
  /** With a trailing slash: 1.x always adds one to `iss`, 2.x takes it as it stands. */
  readonly issuer: string;
  readonly loginUrl: string;
  readonly consentUrl: string;
  readonly logoutUrl: string;
  /** Allows clients of subject type pairwise; green needs blue's, or their users' `sub` changes. @default public only */
  readonly pairwiseSalt?: string;
  /** Settings on top, by the names of the environment. */
  readonly extra?: Readonly<Record<string, string>>;
}

interface VersionSettings {
  readonly settings: Readonly<Record<string, string>>;
  readonly adminPrefix: '' | '/admin';
  /** Refuses requests on both listeners without `X-Forwarded-Proto: https`. */
  readonly needsForwardedProto: boolean;
  readonly migrateArgs: readonly string[];
  /** Rows of `schema_migration` when everything this version knows is applied, and the last of them. */
  readonly migrations: { readonly count: number; readonly last: string };
  /** A cold start makes RSA keys. */
  readonly readyTimeoutMs: number;
}

const SHARED_SETTINGS = {
  SERVE_PUBLIC_HOST: '127.0.0.1',
  SERVE_ADMIN_HOST: '127.0.0.1',
  /** bcrypt dominates every token request at the default cost (10 in 1.x). */
  OAUTH2_HASHERS_BCRYPT_COST: '8',
  /** No telemetry: a world must run without a network. */
  SQA_OPT_OUT: 'true',
  LOG_LEVEL: 'warn',
} as const;

/**
 * One row by version; a new version is a new row. Seen on the real binaries, except where a comment says otherwise.
 * Source: the configuration schemas at tags v1.11.10 (spec/config.json) and v2.3.0.
 */
export const HYDRA_SETTINGS = {
  '1.11.10': {
    settings: {
      // Plain HTTP behind a proxy that ends TLS, as in production.
      SERVE_TLS_ALLOW_TERMINATION_FROM: '127.0.0.1/32',
    },
    adminPrefix: '',
    needsForwardedProto: true,
    migrateArgs: ['migrate', 'sql', '-e', '-y'],
    migrations: HYDRA_MIGRATIONS['1.11.10'],
    readyTimeoutMs: 60_000,
  },
  '2.3.0': {
    settings: {
      // With the names of 1.x a browser stays logged in across the cutover.
      SERVE_COOKIES_NAMES_LOGIN_CSRF: 'oauth2_authentication_csrf',
      SERVE_COOKIES_NAMES_CONSENT_CSRF: 'oauth2_consent_csrf',
      SERVE_COOKIES_NAMES_SESSION: 'oauth2_authentication_session',
      // Secrets of new clients stay verifiable by 1.x, which a rollback needs.
      OAUTH2_HASHERS_ALGORITHM: 'bcrypt',
    },
    adminPrefix: '/admin',
    needsForwardedProto: false,
    migrateArgs: ['migrate', 'sql', 'up', '-e', '-y'],
    migrations: HYDRA_MIGRATIONS['2.3.0'],
    readyTimeoutMs: 60_000,
  },
} as const satisfies Record<HydraVersion, VersionSettings>;

/** @returns the settings of a `serve all`, to be added to a clean environment */
export function hydraSettings(version: HydraVersion, launch: HydraLaunch): Record<string, string> {
  return {
    ...SHARED_SETTINGS,
    ...HYDRA_SETTINGS[version].settings,
    DSN: launch.dsn,
    SECRETS_SYSTEM: launch.secretsSystem,
    SERVE_PUBLIC_PORT: String(launch.publicPort),
    SERVE_ADMIN_PORT: String(launch.adminPort),
    URLS_SELF_ISSUER: launch.issuer,
    URLS_LOGIN: launch.loginUrl,
    URLS_CONSENT: launch.consentUrl,
    URLS_LOGOUT: launch.logoutUrl,
    ...(launch.pairwiseSalt === undefined ? {} : pairwise(launch.pairwiseSalt)),
    ...launch.extra,
  };
}

function pairwise(salt: string): Record<string, string> {
  return {
    OIDC_SUBJECT_IDENTIFIERS_SUPPORTED_TYPES: 'public,pairwise',
    OIDC_SUBJECT_IDENTIFIERS_PAIRWISE_SALT: salt,
  };
}
