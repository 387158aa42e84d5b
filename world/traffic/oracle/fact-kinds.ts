/**
 * What a client can have been promised, and the names of the two ways to break it.
 *
 * `lost`: the promise says "present" and the server says no. `revived`: it says "absent" and the server says yes.
 * The class decides the column of the verdict.
 */
export const FACT_KINDS = {
  access_token: { lost: 'access_token_lost', revived: 'access_token_revived' },
  refresh_token: { lost: 'refresh_token_lost', revived: 'refresh_token_revived' },
  consent: { lost: 'consent_lost', revived: 'consent_revived' },
  remembered_consent: { lost: 'remembered_consent_lost', revived: 'remembered_consent_revived' },
  session: { lost: 'session_lost', revived: 'session_revived' },
  client: { lost: 'client_lost', revived: 'client_revived' },
  secret: { lost: 'secret_refused', revived: 'old_secret_accepted' },
  redirect_uri: { lost: 'redirect_uri_refused', revived: 'old_redirect_uri_accepted' },
  trusted_issuer: { lost: 'trusted_issuer_refused', revived: 'old_trusted_issuer_accepted' },
  code: { lost: 'code_refused', revived: 'dead_code_accepted' },
} as const;

export type FactKind = keyof typeof FACT_KINDS;
export const FACT_KIND_NAMES = Object.keys(FACT_KINDS) as readonly FactKind[];

/** Values that must stay what they were when a client first saw them. */
export const VALUE_KINDS = {
  subject: 'subject_changed',
  issuer: 'issuer_changed',
  signing_key: 'signing_key_changed',
  token_client: 'token_client_changed',
  token_subject: 'token_subject_changed',
  token_scope: 'token_scope_changed',
} as const;

export type ValueKind = keyof typeof VALUE_KINDS;

export const FINDING_CLASSES = [
  'confirmedButLost',
  'revokedButActive',
  'activeButRefused',
  'changed',
  'unstable',
] as const;
export type FindingClass = (typeof FINDING_CLASSES)[number];

type FactFinding = (typeof FACT_KINDS)[FactKind]['lost' | 'revived'];

/** `refresh_refused`: introspection calls the refresh token active, the token endpoint does not take it. */
export type FindingName =
  FactFinding | (typeof VALUE_KINDS)[ValueKind] | 'refresh_refused' | 'expired_token_active' | 'unknown_not_stable';
