import { type Notice, type NoticedAnswer } from '../../domain/notice';
import { COMPATIBILITY_FEATURES, noticedCalls } from '../../domain/sightings';
import { type CopyPath } from '../../hydra/paths';
import { HYDRA_VERSION_FACTS } from '../../hydra/versions';
import { type ClientOrigins } from './cors-origins';
import { type Observed } from './observed';

/** So many origins of browser clients are named. */
const ORIGINS_MAX = 100;

/**
 * Pure: the differences that the code declares for this way, and whom of this installation they meet.
 *
 * @param browserClients clients with origins of their own, where the left side lets browsers in
 */
export function noticeOf(
  { from, to, differences, begunRequests }: Pick<CopyPath, 'from' | 'to' | 'differences' | 'begunRequests'>,
  { sightings, features, silent, since, beyond }: Observed,
  browserClients: readonly ClientOrigins[],
  gateways: number,
): Notice {
  // Cookies of the same generation are read by both.
  const isNewCookie = HYDRA_VERSION_FACTS[from].apiGeneration !== HYDRA_VERSION_FACTS[to].apiGeneration;
  const areGatewaysKnown = silent.length === 0 && gateways > 0;
  return {
    seenSince: since,
    silent,
    // Of preflights only the origins tell something, and those stand below with their clients.
    calls: noticedCalls(
      sightings.filter(({ kind }) => kind !== 'cors_preflight'),
      features,
    ),
    beyond,
    browserClients: browserClients.slice(0, ORIGINS_MAX),
    answers: declared(differences),
    // What no row of the left side holds, the gateways have to read themselves.
    loginsUnderWay: begunRequests.length > 0 || features.has(COMPATIBILITY_FEATURES.flows) ? 'begin anew' : 'end',
    sessionsStay: !isNewCookie || (areGatewaysKnown ? features.has(COMPATIBILITY_FEATURES.sessions) : null),
  };
}

/** A field may stand there more than once, for several reasons. */
function declared(differences: CopyPath['differences']): readonly NoticedAnswer[] {
  const seen = new Map<string, NoticedAnswer>();
  for (const { question, path, reason, whose } of differences) {
    const key = JSON.stringify([question, path, reason]);
    if (!seen.has(key)) seen.set(key, { question, field: path, reason, whose });
  }
  return [...seen.values()];
}
