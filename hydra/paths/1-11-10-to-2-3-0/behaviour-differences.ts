import { type BehaviourDifference } from '../behaviour-difference';

/** Of an answer that grants a token on one side and refuses on the other. */
const TOKEN_OR_ERROR = ['access_token', 'expires_in', 'scope', 'token_type', 'error', 'error_description'].map(
  (field) => `body.${field}`,
);
const BOTH_SPELLINGS = 'names the path of 2.x, and the gateway takes both spellings';
const REFUSED_BY_SOURCE = 'refused by 1.11.10, so that nobody sends it';
const REFUSED_BY_BOTH = 'refused by both';

/**
 * In what 2.3.0 behaves otherwise than 1.11.10 to the same requests, but for what `EXPECTED_DIFFERENCES` says of what is stored: what
 * clients, browsers, login apps and admins meet.
 *
 * Source: both, asked the same through the gateway (test/integration/gateway/both-hydras.test.ts), which fails for a difference that is
 * not here and for a line that is none.
 */
export const BEHAVIOUR_DIFFERENCES: readonly BehaviourDifference[] = [
  {
    request: '* *',
    when: 'always',
    statuses: 'any',
    parts: ['headers.cache-control', 'headers.vary'],
    harmless: 'says that nothing may be kept where nothing was said',
  },
  {
    request: 'POST *',
    when: 'of a browser',
    parts: ['headers.access-control-expose-headers'],
    harmless: 'names a header more or less',
  },

  // What clients meet.
  {
    request: 'POST /oauth2/token',
    when: 'the client secret has more than 72 bytes',
    statuses: [200, 401],
    parts: ['headers.pragma', ...TOKEN_OR_ERROR],
    seenAs: 'long_client_secret',
  },
  {
    request: 'POST /oauth2/token',
    when: 'the refresh token is over',
    statuses: [401, 400],
    parts: ['body.error'],
    seenAs: 'dead_refresh_token',
  },
  {
    request: 'POST /oauth2/token',
    when: 'an assertion whose issuer, subject and key id are not those of one trust',
    statuses: [200, 400],
    parts: ['headers.pragma', ...TOKEN_OR_ERROR],
    seenAs: 'bearer_assertion',
  },
  {
    request: 'GET /oauth2/auth',
    when: 'an OpenID request without redirect_uri',
    parts: ['location', 'headers.cookies'],
    seenAs: 'no_redirect_uri',
  },
  {
    request: 'OPTIONS *',
    when: 'an origin that a client allows, and the global list does not',
    parts: ['headers'],
    seenAs: 'cors_preflight',
  },
  {
    request: 'POST /oauth2/register',
    when: 'a client registers itself',
    parts: ['location.page'],
    harmless: BOTH_SPELLINGS,
  },
  {
    request: 'POST /oauth2/register',
    when: 'it names its secret itself',
    statuses: [403, 400],
    parts: ['body.error'],
    harmless: REFUSED_BY_BOTH,
  },
  {
    request: 'GET /.well-known/jwks.json',
    when: 'always',
    parts: ['body.keys'],
    harmless: 'has the keys of another set besides; those of 1.11.10 are in it',
  },
  {
    request: 'GET *',
    when: 'a page that is none',
    statuses: [404, 404],
    parts: ['headers.content-type'],
    harmless: '404 from both, for people to read',
  },

  // What browsers and login apps meet.
  {
    request: '* /oauth2/auth',
    when: 'a login or a consent begins',
    parts: ['headers.cookies.oauth2_authentication_csrf.Max-Age', 'headers.cookies.oauth2_consent_csrf.Max-Age'],
    harmless: 'the cookie of a login under way ends with the login, where it ended with the browser',
  },
  {
    request: 'GET /oauth2/auth',
    when: 'with a verifier that somebody without the cookie has tried before',
    statuses: [303, 302],
    parts: ['headers', 'location', 'body'],
    harmless: 'the login goes on, where it had to begin anew',
  },
  {
    request: 'PUT /oauth2/auth/requests/login/accept',
    when: 'accepted already',
    statuses: [409, 200],
    parts: ['headers.content-type', 'body'],
    harmless: 'accepted once more, where it was refused',
  },
  {
    request: 'PUT /oauth2/auth/requests/login/accept',
    when: 'with extend_session_lifespan',
    statuses: [400, 200],
    parts: ['headers.content-type', 'body'],
    harmless: REFUSED_BY_SOURCE,
  },
  {
    request: 'GET /oauth2/auth/requests/login',
    when: 'after the browser has gone on',
    statuses: [410, 200],
    parts: ['body'],
    harmless: 'the login app sees the login once more, where it was told to send the browser on',
  },
  {
    request: 'GET /oauth2/auth/requests/logout',
    when: 'always',
    parts: ['body.expires_at', 'body.requested_at'],
    harmless: 'new in 2.x',
  },
  {
    request: 'PUT /oauth2/auth/requests/logout/reject',
    when: 'of a logout that nobody asked for',
    statuses: [204, 404],
    parts: ['headers.content-type', 'body'],
    harmless: 'there is nothing to reject on either side',
  },
  {
    request: 'GET /oauth2/sessions/logout',
    when: 'with a verifier that was used',
    parts: ['location', 'headers.cookies'],
    harmless: 'leads where it led the first time, where it led to the page for errors',
  },

  // What admins and their jobs meet.
  {
    request: 'POST /clients',
    when: 'with a secret of more than 72 bytes',
    statuses: [201, 500],
    parts: ['headers', 'location', 'body'],
    seenAs: 'long_new_secret',
  },
  {
    request: 'POST /clients',
    when: 'without an id',
    parts: ['body.registration_client_uri'],
    seenAs: 'unnamed_client',
  },
  {
    request: 'POST /clients',
    when: 'one is made',
    parts: ['location.page'],
    harmless: BOTH_SPELLINGS,
  },
  {
    request: 'POST *',
    when: 'what is sent is not what is asked for',
    statuses: [500, 400],
    parts: ['headers.content-type', 'body'],
    harmless: REFUSED_BY_BOTH,
  },
  {
    request: 'GET /clients/',
    when: 'with a slash at its end',
    parts: ['location.page'],
    harmless: BOTH_SPELLINGS,
  },
  {
    request: 'GET *',
    when: 'a list',
    parts: ['headers.link'],
    harmless: 'links to its pages as 2.x names them',
  },
  {
    request: 'GET *',
    when: 'a list by its pages',
    asking: ['limit', 'offset'],
    parts: ['headers', 'body'],
    seenAs: 'paging',
  },
  {
    request: 'GET /clients',
    when: 'a page of nothing',
    asking: ['limit'],
    statuses: [502, 200],
    parts: ['headers', 'body'],
    harmless: '1.11.10 breaks off',
  },
  {
    request: 'GET *',
    when: 'with what 1.11.10 does not look at',
    asking: ['page_size', 'login_session_id'],
    parts: ['headers', 'body'],
    harmless: 'whoever sends it means it',
  },
  {
    request: 'GET /oauth2/auth/sessions/consent',
    when: 'after a logout',
    parts: ['body[].consent_request.login_challenge'],
    harmless: 'kept, where it was forgotten',
  },
  {
    request: 'DELETE /oauth2/auth/sessions/login',
    when: 'by the id of a session',
    statuses: [400, 204],
    parts: ['headers.content-type', 'body'],
    harmless: REFUSED_BY_SOURCE,
  },
  {
    request: 'POST /oauth2/flush',
    when: 'always',
    statuses: [204, 404],
    parts: ['headers.content-type', 'body'],
    seenAs: 'removed_endpoint',
  },
  {
    request: 'POST /keys/*',
    when: 'keys are made',
    parts: ['location', 'body.keys'],
    seenAs: 'new_key',
  },
  {
    request: 'POST /keys/*',
    when: 'keys of one secret',
    statuses: [201, 400],
    parts: ['headers.content-type', 'location', 'body'],
    seenAs: 'new_key',
  },
  {
    request: 'GET /keys/hydra.openid.id-token',
    when: 'a set that 2.x has made itself',
    parts: ['body.keys'],
    harmless: 'one key for what was a pair; those of 1.11.10 came as they are',
  },
  {
    request: 'GET /version',
    when: 'always',
    parts: ['body.version'],
    harmless: 'is another one',
  },
  {
    request: 'GET /metrics/prometheus',
    when: 'always',
    parts: ['headers.content-type'],
    harmless: 'says more of the same format',
  },
];
