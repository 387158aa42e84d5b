/**
 * Which steps can be taken in place, and what the running version needs meanwhile. The statements come from the new version's own
 * `migrate sql`; here stands only what no catalog tells.
 */
export const IN_PLACE_PATHS = {
  '1.3.2': {
    to: '1.11.10',
    /** Tables whose `session_data` the new version writes with other keys. */
    sessionTables: ['access', 'refresh', 'code', 'oidc', 'pkce'].map((name) => `hydra_oauth2_${name}`),
    /** The old version answers 500 for a refresh token that is not active any more, and deletes what reuse is told by. */
    activeOnlyTables: ['hydra_oauth2_refresh'],
    /** With these the new version keeps sessions as the old one can read them. To be set until the old one has stopped. */
    besideEnv: { OAUTH2_SESSION_ENCRYPT_AT_REST: 'false' },
  },
} as const satisfies Record<string, InPlacePath>;

export interface InPlacePath {
  readonly to: string;
  readonly sessionTables: readonly string[];
  readonly activeOnlyTables: readonly string[];
  readonly besideEnv: Readonly<Record<string, string>>;
}

export type InPlaceVersion = keyof typeof IN_PLACE_PATHS;
