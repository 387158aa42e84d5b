import { z } from 'zod';
import { expectStatus, parseJson, unexpected } from './expect-json';
import { type OauthHttp } from './oauth-http';

/** A consent as an application that manages grants sees it. */
export interface ConsentSession {
  /** The consent's id, and the `request_id` of its tokens. */
  readonly challenge: string;
  readonly clientId: string;
  readonly scope: readonly string[];
  readonly remember: boolean;
}

const consentsSchema = z.array(
  z.object({
    grant_scope: z.array(z.string()).nullish(),
    remember: z.boolean().nullish(),
    consent_request: z.object({ challenge: z.string(), client: z.object({ client_id: z.string() }) }),
  }),
);

const PAGE_SIZE = 250;

/** @returns all consents of a subject, in Hydra's order */
export async function listConsents(http: OauthHttp, subject: string): Promise<ConsentSession[]> {
  const found = new Map<string, ConsentSession>();
  const size = String(PAGE_SIZE);
  // 1.x reads `limit`, 2.x `page_size`; each ignores the other's.
  let url: URL | undefined = http.adminUrl('/oauth2/auth/sessions/consent', { subject, limit: size, page_size: size });
  while (url !== undefined) {
    const request = { operation: 'list consents', method: 'GET', url } as const;
    const response = await expectStatus(http, request, 200);
    const page = consentsSchema.safeParse(parseJson(response.text));
    if (!page.success) throw unexpected(request, response, 'a list of consents');
    const before = found.size;
    for (const entry of page.data) found.set(entry.consent_request.challenge, toConsent(entry));
    // 1.x offers a next page for ever, and filters a page after it was cut: only one with nothing on it is the last.
    url = found.size === before ? undefined : nextPage(url, response.headers['link']);
  }
  return [...found.values()];
}

type ConsentEntry = z.infer<typeof consentsSchema>[number];

function toConsent(entry: ConsentEntry): ConsentSession {
  return {
    challenge: entry.consent_request.challenge,
    clientId: entry.consent_request.client.client_id,
    scope: entry.grant_scope ?? [],
    remember: entry.remember ?? false,
  };
}

/** Only the query is taken: 2.x names a host of its own. Source: RFC 8288, section 3. */
function nextPage(url: URL, link: string | string[] | undefined): URL | undefined {
  const links = Array.isArray(link) ? link.join(',') : (link ?? '');
  const target = /<([^>]*)>\s*;\s*rel="?next"?/i.exec(links)?.[1];
  if (target === undefined) return undefined;
  const next = new URL(url);
  next.search = new URL(target, url).search;
  return next.search === url.search ? undefined : next;
}

/** Revokes the grants of a subject, or those at one client. Answered 204 also when there was none. */
export async function revokeConsents(http: OauthHttp, subject: string, clientId?: string): Promise<void> {
  const query: Record<string, string> =
    clientId === undefined ? { subject, all: 'true' } : { subject, client: clientId };
  const url = http.adminUrl('/oauth2/auth/sessions/consent', query);
  await expectStatus(http, { operation: 'revoke consents', method: 'DELETE', url }, 204);
}

/** Ends the login sessions of a subject; grants and tokens live on. */
export async function revokeLogins(http: OauthHttp, subject: string): Promise<void> {
  const url = http.adminUrl('/oauth2/auth/sessions/login', { subject });
  await expectStatus(http, { operation: 'revoke logins', method: 'DELETE', url }, 204);
}
