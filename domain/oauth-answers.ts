import { type SideName } from './sides';

/** What clients and dependents ask of Hydra, as far as its answers are told apart. */
export const OAUTH_ENDPOINTS = [
  'authorize',
  'token',
  'revocation',
  'userinfo',
  'logout',
  'discovery',
  'introspection',
  'requests',
  'sessions',
  'clients',
  'other',
] as const;
export type OAuthEndpoint = (typeof OAUTH_ENDPOINTS)[number];

/** `grant_type` of a request to the token endpoint; `none` elsewhere. */
const OAUTH_GRANTS = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  'jwt_bearer',
  'other',
  'none',
] as const;
export type OAuthGrant = (typeof OAUTH_GRANTS)[number];

/**
 * The errors that are counted by name: those of both Hydras, and those with which OpenID answers `prompt=none`.
 * Source: `errors.go` of ory/fosite v0.42.3 (Hydra 1.11.10) and v0.49.0 (2.3.0); OpenID Connect Core 1.0, section 3.1.2.6.
 */
const OAUTH_ERRORS = [
  'access_denied',
  'account_selection_required',
  'authorization_code_inactive',
  'consent_required',
  'error',
  'insufficient_entropy',
  'interaction_required',
  'invalid_client',
  'invalid_grant',
  'invalid_request',
  'invalid_request_uri',
  'invalid_scope',
  'invalid_state',
  'invalid_token',
  'jti_known',
  'login_required',
  'misconfiguration',
  'not_found',
  'registration_not_supported',
  'request_not_supported',
  'request_unauthorized',
  'request_uri_not_supported',
  'scope_not_granted',
  'server_error',
  'temporarily_unavailable',
  'token_claim',
  'token_inactive',
  'token_signature_mismatch',
  'unauthorized_client',
  'unsupported_grant_type',
  'unsupported_response_mode',
  'unsupported_response_type',
] as const;
type OAuthError = (typeof OAUTH_ERRORS)[number];

/** `inactive`: an introspection that says `active: false`. `other_4xx`, `other_5xx`: no error of that list is named. */
export type OAuthOutcome = 'ok' | 'inactive' | OAuthError | 'other_4xx' | 'other_5xx';

const OUTCOMES: ReadonlySet<string> = new Set(['ok', 'inactive', 'other_4xx', 'other_5xx', ...OAUTH_ERRORS]);
const ENDPOINTS: ReadonlySet<string> = new Set(OAUTH_ENDPOINTS);
const GRANTS: ReadonlySet<string> = new Set(OAUTH_GRANTS);

export function isOAuthOutcome(text: string | undefined): text is OAuthOutcome {
  return text !== undefined && OUTCOMES.has(text);
}

export function isOAuthEndpoint(text: string | undefined): text is OAuthEndpoint {
  return text !== undefined && ENDPOINTS.has(text);
}

export function isOAuthGrant(text: string | undefined): text is OAuthGrant {
  return text !== undefined && GRANTS.has(text);
}

/** One kind of answer, and how often it was given. `unanswered`: there was no whole answer. */
export interface AnswerCount {
  readonly endpoint: OAuthEndpoint;
  readonly grant: OAuthGrant;
  readonly outcome: OAuthOutcome | 'unanswered';
  readonly count: number;
}

/** One kind of answer that a side gave in full, and how often. */
export interface OAuthAnswerCount extends AnswerCount {
  readonly side: SideName;
  readonly outcome: OAuthOutcome;
}
