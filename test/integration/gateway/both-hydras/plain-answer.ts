/** An answer without what each Hydra draws at random or takes from its clock. */
export interface PlainAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Where it leads. */
  readonly location: PlainPlace | undefined;
  readonly body: unknown;
}

interface PlainPlace {
  readonly page: string;
  /** Query and fragment. */
  readonly parameters: unknown;
}

/** What a client may go by. */
const HEADERS =
  'content-type cache-control pragma www-authenticate allow link x-total-count access-control-allow-origin access-control-allow-methods access-control-allow-headers access-control-allow-credentials access-control-expose-headers vary'.split(
    ' ',
  );
/** Drawn at random, or the time. */
const DRAWN = new Set(
  `access_token refresh_token code login_challenge consent_challenge logout_challenge challenge login_verifier
  consent_verifier logout_verifier code_challenge code_verifier session_id login_session_id consent_request_id
  registration_access_token client_secret sid iat exp nbf auth_time rat jti at_hash c_hash kid created_at updated_at requested_at
  handled_at expires_at n x y d p q dp dq qi k`.split(/\s+/),
);
/** Said to people. That it is said is compared. */
const TEXTS = new Set(['error_description', 'error_hint', 'error_debug', 'error_verbose', 'message']);
/** What is left of it when the answer is made: to the minute. */
const SECONDS = 'expires_in';
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const JWT = /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/;

export function plainAnswer(
  status: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  text: string,
  issuer: string,
): PlainAnswer {
  const kept = HEADERS.filter((name) => headers[name] !== undefined).map((name) => [name, headers[name]] as const);
  const location = headers['location'];
  const cookies = [headers['set-cookie'] ?? []].flat().map(cookieShape);
  return {
    status,
    headers: { ...Object.fromEntries(kept), cookies: Object.fromEntries(cookies) },
    location: typeof location === 'string' ? placeOf(new URL(location, issuer)) : undefined,
    body: bodyOf(text),
  };
}

function placeOf(url: URL): PlainPlace {
  const parameters = [...url.searchParams, ...new URLSearchParams(url.hash.slice(1))];
  return {
    page: plain(`${url.origin}${url.pathname}`) as string,
    parameters: plain(Object.fromEntries(parameters)),
  };
}

/** Without the suffix of its name, which is a client's, its value and the time when it ends. */
function cookieShape(line: string): [name: string, attributes: Readonly<Record<string, string>>] {
  const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
  const kept = attributes
    .map((one) => one.split('='))
    .filter(([name]) => name?.toLowerCase() !== 'expires')
    .map(([name = '', value = 'yes']) => [name, name === 'Max-Age' && Number(value) > 0 ? 'later' : value]);
  return [pair.split('=')[0]?.replace(/_\d+$/, '') ?? '', Object.fromEntries(kept) as Readonly<Record<string, string>>];
}

function bodyOf(text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === '') return '';
  let value: unknown;
  try {
    value = JSON.parse(trimmed);
  } catch {
    return '<a page>';
  }
  return plain(value);
}

function plain(value: unknown, name = ''): unknown {
  if (name === SECONDS) return Math.round(Number(value) / 60) * 60;
  if (typeof value === 'string') return plainText(value, name);
  if (typeof value === 'number' && DRAWN.has(name)) return '<drawn>';
  // Where nothing says in which order a list is, each Hydra has its own.
  if (Array.isArray(value)) return value.map((each) => plain(each)).sort(byText);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each, key)]));
}

function plainText(value: string, name: string): unknown {
  if (value === '') return value;
  if (DRAWN.has(name)) return '<drawn>';
  if (TEXTS.has(name)) return '<a text>';
  if (JWT.test(value))
    return {
      signed: value
        .split('.')
        .slice(0, 2)
        .map((part) => plain(JSON.parse(atobUrl(part)))),
    };
  if (name === 'redirect_to' || name === 'request_url') return placeOf(new URL(value, 'https://relative.example'));
  return value.replaceAll(UUID, '<uuid>');
}

function atobUrl(part: string): string {
  return Buffer.from(part, 'base64url').toString();
}

function byText(one: unknown, other: unknown): number {
  const [left, right] = [JSON.stringify(one) ?? '', JSON.stringify(other) ?? ''];
  return left < right ? -1 : left > right ? 1 : 0;
}
