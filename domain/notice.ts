import { type SightingKind } from './sightings';

/**
 * What clients and admins will notice of the new version, as far as it is known before the night. Ids of clients, addresses and
 * origins, and no contents.
 */
export interface Notice {
  /** ISO 8601: every gateway that tells has looked since then. Null: none tells. */
  readonly seenSince: string | null;
  /** Gateways that do not tell what they see. */
  readonly silent: readonly string[];
  readonly calls: readonly NoticedCalls[];
  /** Calls of these kinds by others, for whom the gateways had no room. */
  readonly beyond: number;
  /** Clients that allow browsers of these origins for themselves; empty where blue lets no browser in. */
  readonly browserClients: readonly { readonly origin: string; readonly clients: readonly string[] }[];
  /** Fields of answers that the list of differences in the code declares. */
  readonly answers: readonly NoticedAnswer[];
  /** What becomes of a login that is under way at the switchover. */
  readonly loginsUnderWay: 'begin anew' | 'end';
  /** Whether every gateway carries the sessions of browsers over; null: not every one tells. */
  readonly sessionsStay: boolean | null;
}

/** Calls that the new version answers otherwise, and who makes them. */
export interface NoticedCalls {
  readonly kind: SightingKind;
  /** The first ones in alphabetical order, and how many more there are. */
  readonly who: readonly string[];
  readonly more: number;
  /** Method and path. */
  readonly what: readonly string[];
  readonly count: number;
  readonly lastAt: string;
  /** Every gateway makes it harmless. */
  readonly isCured: boolean;
}

export interface NoticedAnswer {
  readonly question: string;
  readonly field: string;
  readonly reason: string;
  readonly whose: 'Hydra' | 'hydra-cutover';
}
