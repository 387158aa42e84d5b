import { z } from 'zod';
import { CONSENT_PAGING } from '../../hydra/versions';
import { parsedJson } from '../../domain/json';
import { expectStatus, unexpected } from './expect-json';
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

/** The most that both generations give in one answer. */
const MAX_PAGE_SIZE = Math.min(CONSENT_PAGING[1].size, CONSENT_PAGING[2].size);

export interface ListOptions {
  /** Consents in one answer. @default 500, the most */
  readonly pageSize?: number;
}

/**
 * All consents of a subject, in Hydra's order.
 *
 * Hydra orders by a time in whole seconds: where consents of one second lie on two pages, it may show one twice and another
 * never. So ask for pages that are large enough.
 */
export async function listConsents(
  http: OauthHttp,
  subject: string,
  options: ListOptions = {},
): Promise<ConsentSession[]> {
  const found = new Map<string, ConsentSession>();
  const size = options.pageSize ?? MAX_PAGE_SIZE;
  for (let offset = 0, total = Infinity; offset < total; offset += size) {
    const url = http.adminUrl('/oauth2/auth/sessions/consent', { subject, ...pageQuery(size, offset) });
    const request = { operation: 'list consents', method: 'GET', url } as const;
    const response = await expectStatus(http, request, 200);
    const page = consentsSchema.safeParse(parsedJson(response.text));
    if (!page.success) throw unexpected(request, response, 'a list of consents');
    for (const entry of page.data) found.set(entry.consent_request.challenge, toConsent(entry));
    // Expired consents are taken out of a page after it was cut: a short or empty page is not the last one.
    total = Number(response.headers['x-total-count'] ?? page.data.length);
  }
  return [...found.values()];
}

/** With the parameters of both generations; each ignores the other's. */
function pageQuery(size: number, offset: number): Record<string, string> {
  return { ...CONSENT_PAGING[1].query(size, offset), ...CONSENT_PAGING[2].query(size, offset) };
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
