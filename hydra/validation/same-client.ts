/** What of a client its owner set and both generations show. */
const FIELDS = [
  'client_id',
  'client_name',
  'redirect_uris',
  'grant_types',
  'response_types',
  'scope',
  'audience',
  'owner',
  'policy_uri',
  'allowed_cors_origins',
  'tos_uri',
  'client_uri',
  'logo_uri',
  'contacts',
  'subject_type',
  'sector_identifier_uri',
  'jwks_uri',
  'token_endpoint_auth_method',
  'token_endpoint_auth_signing_alg',
  'request_uris',
  'request_object_signing_alg',
  'userinfo_signed_response_alg',
  'post_logout_redirect_uris',
  'frontchannel_logout_uri',
  'frontchannel_logout_session_required',
  'backchannel_logout_uri',
  'backchannel_logout_session_required',
  'authorization_code_grant_access_token_lifespan',
  'authorization_code_grant_refresh_token_lifespan',
  'refresh_token_grant_access_token_lifespan',
  'refresh_token_grant_refresh_token_lifespan',
] as const;

type Client = Readonly<Record<string, unknown>>;

/** @returns names of the fields that differ; absent, null, empty and false are the same */
export function differingFields(blue: Client, green: Client): readonly string[] {
  return FIELDS.filter((field) => text(blue[field]) !== text(green[field]));
}

/** @returns whether somebody edited the client between the two answers */
export function editedBetween(blue: Client, green: Client): boolean {
  return instant(blue['updated_at']) !== instant(green['updated_at']);
}

function text(value: unknown): string {
  if (value === undefined || value === null || value === '' || value === false) return '';
  return Array.isArray(value) && value.length === 0 ? '' : JSON.stringify(value);
}

function instant(value: unknown): number {
  return typeof value === 'string' ? Math.floor(Date.parse(value) / 1_000) : 0;
}
