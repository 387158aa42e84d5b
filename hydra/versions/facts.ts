import { type MigrationFacts } from './migrations';
import { type HydraReads } from './reads';

/** 1: admin paths as they are; 2: admin paths below `/admin`. */
export type ApiGeneration = 1 | 2;

/** The cookies that a browser carries from one request of a login to the next. */
export const COOKIE_KINDS = ['session', 'login_csrf', 'consent_csrf'] as const;
type CookieKind = (typeof COOKIE_KINDS)[number];

/** How clients' secrets are stored. Both are verified wherever both are known. */
type SecretHasher = 'bcrypt' | 'pbkdf2';

/** What it takes to launch a version, and to go from it to the next one in place. */
export type LaunchFacts = Omit<HydraVersionFacts, 'migrations'>;

/** What is true of one version of Hydra, whatever it is upgraded from or to. */
export interface HydraVersionFacts {
  readonly apiGeneration: ApiGeneration;
  /** Whether the schema has `hydra_oauth2_flow`, the surest mark of a migrated database. */
  readonly flowTable: boolean;
  readonly migrations: MigrationFacts;
  readonly reads: HydraReads;
  readonly cookies: {
    /** The names without a setting. A CSRF cookie of 2.x has a suffix that is the client's besides. */
    readonly names: Readonly<Record<CookieKind, string>>;
    /** Whether `serve.cookies.names` may give them others. */
    readonly renamable: boolean;
  };
  readonly secretHashers: {
    /** What it verifies. */
    readonly verifies: readonly SecretHasher[];
    /** What new secrets get without a setting. */
    readonly default: SecretHasher;
  };
  /** `iss` is `urls.self.issuer` as it stands, or with a slash added where there is none. */
  readonly issuer: 'verbatim' | 'with slash';
  /** Refuses requests on both listeners without `X-Forwarded-Proto: https`, unless it ends TLS itself. */
  readonly needsForwardedProto: boolean;
  /** Extensions that its migrations make where they are not there. @default none */
  readonly extensions?: readonly string[];
  /** Arguments of its program that migrate the database in the environment variable DSN. */
  readonly migrateArgs: readonly string[];
}
