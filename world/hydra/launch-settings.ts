import { HYDRA_LAUNCH_FACTS, greenEnvironment } from '../../hydra/versions';
import { type LaunchedVersion } from '../toolchain/types';

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
  /** The version whose browsers and clients it may have to take over. @default '1.11.10' */
  readonly takesOverFrom?: LaunchedVersion;
  /** Settings on top, by the names of the environment. */
  readonly extra?: Readonly<Record<string, string>>;
}

const OLDEST: LaunchedVersion = '1.11.10';

const SHARED_SETTINGS = {
  SERVE_PUBLIC_HOST: '127.0.0.1',
  SERVE_ADMIN_HOST: '127.0.0.1',
  /** bcrypt dominates every token request at the default cost (10 in 1.x). */
  OAUTH2_HASHERS_BCRYPT_COST: '8',
  /** No telemetry: a world must run without a network. */
  SQA_OPT_OUT: 'true',
  LOG_LEVEL: 'warn',
} as const;

/** Plain HTTP behind a proxy that ends TLS, as in production. */
const BEHIND_TLS_PROXY = { SERVE_TLS_ALLOW_TERMINATION_FROM: '127.0.0.1/32' } as const;

/** @returns the settings of a `serve all`, to be added to a clean environment */
export function hydraSettings(version: LaunchedVersion, launch: HydraLaunch): Record<string, string> {
  const facts = HYDRA_LAUNCH_FACTS[version];
  return {
    ...SHARED_SETTINGS,
    ...(facts.needsForwardedProto ? BEHIND_TLS_PROXY : {}),
    ...greenEnvironment(HYDRA_LAUNCH_FACTS[launch.takesOverFrom ?? OLDEST], facts),
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
