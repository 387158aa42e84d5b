import { type Readiness } from './readiness';
import { pathOf } from './path-of';
import { isJsonObject, parsedJson } from '../../domain/json';

/**
 * Whether a request is a token introspection. Spellings that a lenient router might take for one count too (escapes, doubled
 * slashes, case): taking too many costs a check, taking too few relays a false "inactive".
 */
export function isIntrospection(method: string, target: string): boolean {
  if (method !== 'POST') return false;
  let path = pathOf(target);
  if (path.includes('%')) {
    try {
      path = decodeURIComponent(path);
    } catch {
      return false; // no router decodes it either
    }
  }
  const segments = path
    .toLowerCase()
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.');
  return segments.at(-1) === 'introspect' && segments.at(-2) === 'oauth2';
}

/** What an introspection answer is worth by itself. */
export type IntrospectionAnswer = 'active' | 'other_status' | 'inactive_or_unclear';

/**
 * Only a readable `active: true`, or a status that claims nothing, may be relayed without asking whether the database was
 * there: Hydra answers 200 `active: false` for every token when it is not.
 */
export function judgeIntrospection(status: number, body: string): IntrospectionAnswer {
  if (status !== 200) return 'other_status';
  const parsed = parsedJson(body);
  return isJsonObject(parsed) && parsed['active'] === true ? 'active' : 'inactive_or_unclear';
}

/** "Inactive" has to be said this often, with a working database seen after each time. */
const INACTIVE_ANSWERS = 2;

/** The text of an answer, as far as it decides. */
export interface IntrospectionSaid {
  readonly status: number;
  readonly text: string;
}

/**
 * Asks a side about a token, and vouches for a "not active": Hydra says it of every token while its database is away. Not ready at the
 * start: nobody is asked. An answer other than `active: true` is asked for twice, and each time the side has to be ready *after* it was
 * given; so neither a stale "ready" nor a short interruption between two polls gets through. Introspection changes nothing,
 * which is why it may be asked twice.
 *
 * @param isGone the client has left: nothing more is asked
 * @returns what may be relayed
 */
export async function vouchedIntrospection<Answer extends IntrospectionSaid>(
  readiness: Pick<Readiness, 'isReady' | 'check'>,
  ask: () => Promise<Answer>,
  isGone: () => boolean,
): Promise<Answer | 'side_not_ready' | 'gone'> {
  if (!readiness.isReady && !(await readiness.check())) return 'side_not_ready';
  for (let inactiveAnswers = 1; ; inactiveAnswers += 1) {
    if (isGone()) return 'gone';
    const answer = await ask();
    if (judgeIntrospection(answer.status, answer.text) !== 'inactive_or_unclear') return answer;
    if (!(await readiness.check())) return 'side_not_ready';
    if (inactiveAnswers >= INACTIVE_ANSWERS) return answer;
  }
}
