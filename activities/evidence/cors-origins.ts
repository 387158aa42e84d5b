import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type Sighting } from '../../domain/sightings';
import { type CopyPath } from '../../hydra/paths';
import { type StepDeps } from '../step';

/** So many are tried at both sides. */
const TRIED_MAX = 100;

export interface ClientOrigins {
  readonly origin: string;
  readonly clients: readonly string[];
}

/**
 * Origins that clients of the left side allow for themselves. Names with an asterisk are among them and can be told, but not tried.
 *
 * @param named a session that names Hydra's tables in full
 */
export async function clientOrigins(path: CopyPath, named: SqlClient): Promise<readonly ClientOrigins[]> {
  await path.prepareSource(named);
  return queryRows<ClientOrigins>(named, path.clientOriginsSql);
}

/** The lines of the entered side's config that let these origins in. */
export function corsSetting(origins: readonly string[]): string {
  return `serve.public.cors: { enabled: true, allowed_origins: ${JSON.stringify([...origins].sort())} }`;
}

export interface TriedOrigins {
  readonly tried: number;
  /** Those that the left side lets in and the entered one does not. */
  readonly refused: readonly string[];
  /** Those that nobody could be asked about, or that were too many; none where the left side lets no browser in. */
  readonly untried: readonly string[];
}

/** Asks both Hydras as a browser would; the entered side may be closed, for a preflight writes nothing. */
export async function tryOrigins(
  { hydra, direction }: Pick<StepDeps, 'hydra' | 'direction'>,
  candidates: readonly string[],
): Promise<TriedOrigins> {
  const toTry = candidates.filter((each) => !each.includes('*')).slice(0, TRIED_MAX);
  const refused: string[] = [];
  let letIn = 0;
  for (const origin of toTry) {
    if (!(await hydra.allowsOrigin(direction.from, origin))) continue;
    letIn += 1;
    if (!(await hydra.allowsOrigin(direction.to, origin))) refused.push(origin);
  }
  const isOff = toTry.length > 0 && letIn === 0;
  return {
    tried: toTry.length,
    refused,
    untried: isOff ? [] : candidates.filter((origin) => !toTry.includes(origin)),
  };
}

/** Those of clients first: what the gateways saw besides may be anybody's. */
export function originsToTry(ofClients: readonly ClientOrigins[], sightings: readonly Sighting[]): readonly string[] {
  const seen = sightings.filter(({ kind }) => kind === 'cors_preflight').map(({ who }) => who);
  return [...new Set([...ofClients.map(({ origin }) => origin), ...seen])];
}
