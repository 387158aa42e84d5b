import { z } from 'zod';
import { CutoverFault } from '../../domain/faults';
import { CONSENT_PAGING } from '../../hydra/versions';
import { type HydraAdmin, type HydraAnswer, type HydraSide } from '../service/hydra-admin';

/** How often a listing that moved under our eyes is begun anew. */
const ATTEMPTS_MAX = 3;

const rows = z.array(
  z.object({ consent_request: z.object({ challenge: z.string(), client: z.object({ client_id: z.string() }) }) }),
);

interface Page {
  readonly rows: readonly { readonly challenge: string; readonly client: string }[];
  /** undefined on an empty page. */
  readonly total: number | undefined;
}

/** `incomplete`: not every consent session was seen for certain, so nothing follows from one that is missing. */
export type Listing =
  { readonly kind: 'complete'; readonly missing: readonly string[] } | { readonly kind: 'incomplete' };

export interface ListingOptions {
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  /** For tests. @default the largest page of the generation */
  readonly pageSize?: number;
}

/** Reads consent sessions at Hydra's admin API. */
export class ConsentSessions {
  constructor(private readonly hydra: HydraAdmin) {}

  /**
   * Which of `clients` have no consent session with `subject`.
   *
   * Rows of one second come in any order, differently for each page, so offsets alone skip and repeat rows. Pages overlap by
   * half, and only a listing with as many different rows as Hydra counts is complete.
   * @throws CutoverFault HYDRA_UNREACHABLE | HYDRA_UNEXPECTED
   */
  async missing(
    side: HydraSide,
    subject: string,
    clients: readonly string[],
    options: ListingOptions,
  ): Promise<Listing> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const listing = await this.attempt(side, subject, clients, options);
      if (listing.kind === 'complete') return listing;
    }
    return { kind: 'incomplete' };
  }

  private async attempt(
    side: HydraSide,
    subject: string,
    clients: readonly string[],
    options: ListingOptions,
  ): Promise<Listing> {
    const size = options.pageSize ?? CONSENT_PAGING[side.apiGeneration].size;
    const seen = new Map<string, string>();
    const missing = (): string[] => {
      const found = new Set(seen.values());
      return clients.filter((client) => !found.has(client));
    };
    let total: number | undefined;
    for (let offset = 0; offset === 0 || offset < (total ?? 0); offset += Math.ceil(size / 2)) {
      const page = await this.page(side, subject, size, offset, options);
      for (const row of page.rows) seen.set(row.challenge, row.client);
      if (missing().length === 0) return { kind: 'complete', missing: [] };
      if (offset === 0 && page.rows.length === 0) return this.confirmEmpty(side, subject, size, clients, options);
      if (page.total === undefined || (total !== undefined && page.total !== total)) return { kind: 'incomplete' };
      total = page.total;
      if (offset === 0 && total < size && page.rows.length < size) return { kind: 'complete', missing: missing() };
    }
    return seen.size === total ? { kind: 'complete', missing: missing() } : { kind: 'incomplete' };
  }

  /** Hydra drops expired rows only after it cut the page: an empty first page may hide a second one. */
  private async confirmEmpty(
    side: HydraSide,
    subject: string,
    size: number,
    clients: readonly string[],
    options: ListingOptions,
  ): Promise<Listing> {
    const second = await this.page(side, subject, size, size, options);
    return second.rows.length === 0 ? { kind: 'complete', missing: clients } : { kind: 'incomplete' };
  }

  private async page(
    side: HydraSide,
    subject: string,
    size: number,
    offset: number,
    options: ListingOptions,
  ): Promise<Page> {
    const answer = await this.hydra.call(side, {
      method: 'GET',
      path: '/oauth2/auth/sessions/consent',
      query: { subject, ...CONSENT_PAGING[side.apiGeneration].query(size, offset) },
      deadlineMs: options.deadlineMs,
      signal: options.signal,
    });
    const parsed = answer.status === 200 ? rows.safeParse(answer.body) : undefined;
    if (parsed?.success !== true) throw unexpected(answer);
    const header = String(answer.headers['x-total-count'] ?? '');
    return {
      rows: parsed.data.map(({ consent_request: { challenge, client } }) => ({ challenge, client: client.client_id })),
      total: /^\d+$/.test(header) ? Number(header) : undefined,
    };
  }
}

function unexpected(answer: HydraAnswer): CutoverFault {
  return new CutoverFault(
    'HYDRA_UNEXPECTED',
    `Hydra answered a list of consent sessions with status ${answer.status}${Array.isArray(answer.body) ? '' : ' and no array'}, expected 200 and an array of sessions; check the admin URL and its API generation`,
    { status: answer.status },
  );
}
