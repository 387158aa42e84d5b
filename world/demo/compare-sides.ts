import { type OauthHttp, introspectToken, listConsents } from '../oauth';
import { type MadeGrants } from './make-grants';
import { type Report } from './report';

/** Asks both Hydras the same questions. Everything they say must be right, and the same. */
export async function compareSides(
  blue: OauthHttp,
  copy: OauthHttp,
  grants: MadeGrants,
  report: Report,
): Promise<void> {
  for (const [name, http] of [
    ['blue', blue],
    ['the copy', copy],
  ] as const) {
    const live = await countActive(http, grants.live);
    report.check(
      `tokens in force are active on ${name}`,
      live === grants.live.length,
      `${live} of ${grants.live.length}`,
    );
    const dead = await countActive(http, grants.dead);
    report.check(
      `refreshed and revoked tokens are dead on ${name}`,
      dead === 0,
      `${dead} active of ${grants.dead.length}`,
    );
  }
  const onBlue = await consentsOf(blue, grants.subjects);
  const onCopy = await consentsOf(copy, grants.subjects);
  const same = onCopy.filter((consent) => onBlue.includes(consent)).length;
  report.check(
    'both list the same consents',
    same === grants.count && onBlue.length === grants.count && onCopy.length === grants.count,
    `${onBlue.length} on blue, ${onCopy.length} on the copy, ${same} the same, ${grants.count} made`,
  );
}

export async function countActive(http: OauthHttp, tokens: readonly string[]): Promise<number> {
  let active = 0;
  for (const token of tokens) if ((await introspectToken(http, token)).active) active++;
  return active;
}

async function consentsOf(http: OauthHttp, subjects: readonly string[]): Promise<string[]> {
  const all: string[] = [];
  for (const subject of subjects) {
    for (const consent of await listConsents(http, subject)) {
      all.push([subject, consent.challenge, consent.clientId, consent.scope.join(' '), consent.remember].join('|'));
    }
  }
  return all;
}
