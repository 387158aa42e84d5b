import {
  added,
  type GrantState,
  hasLiveRefresh,
  isLive,
  killed,
  liveOf,
  rotated,
  withAccessDead,
  withRefreshDead,
} from './grant-state';
import { type Operation } from './operation';

/** What a statement saw when it began; rows that came while it waited for a lock are not among them. */
export type Seen = ReadonlySet<string>;

/** @returns undefined where this cannot happen in `state` */
export type Act = (state: GrantState, seen: Seen) => { readonly state: GrantState; readonly seen?: Seen } | undefined;

/** One moment in which Hydra's database answers or changes. */
export interface Step {
  readonly act: Act;
  /** Changes nothing: it may as well happen as soon as it can. */
  readonly isLook: boolean;
}

/** What Hydra does for one request, moment by moment. An operation has one for each way in which its answer can come about. */
export type Program = readonly Step[];

const look = (holds: (state: GrantState) => boolean): Step => ({
  isLook: true,
  act: (state) => (holds(state) ? { state } : undefined),
});
const change = (act: (state: GrantState) => GrantState | undefined): Step => ({
  isLook: false,
  act: (state) => {
    const next = act(state);
    return next === undefined ? undefined : { state: next };
  },
});
const see = (tokens: (state: GrantState) => Seen): Step => ({
  isLook: false,
  act: (state, seen) => ({ state, seen: new Set([...seen, ...tokens(state)]) }),
});
const withSeen = (act: (state: GrantState, seen: Seen) => GrantState | undefined): Step => ({
  isLook: false,
  act: (state, seen) => {
    const next = act(state, seen);
    return next === undefined ? undefined : { state: next };
  },
});

const SEE_REFRESH = see(({ refresh }) => liveOf(refresh));
const SEE_ACCESS = see(({ access }) => liveOf(access));
/** Each a statement in a transaction of its own, which sees only what was there when it began. */
const END_REFRESH: Program = [SEE_REFRESH, withSeen(withRefreshDead)];
const END_ACCESS: Program = [SEE_ACCESS, withSeen(withAccessDead)];
/** Both in one transaction: READ COMMITTED, so that each statement sees what was there when it began. */
const END_BOTH: Program = [
  SEE_REFRESH,
  SEE_ACCESS,
  withSeen((state, seen) => withRefreshDead(withAccessDead(state, seen), seen)),
];

const NO_EFFECT: Program = [look(() => true)];

/**
 * The specification of a grant: what Hydra 1.11.10 and 2.3.0 do without anything between them and their clients, as the statements of
 * their persisters say (`persistence/sql/persister_oauth2.go`, fosite `handler/oauth2`), and as races on the real programs show
 * (`npm run contend -- --alone`).
 *
 * @param operation with an answer; one that is `unknown` may have done all, a part or nothing of what any answer stands for
 * @param isContended whether a write of the grant ran at the same time
 * @param mark names tokens that nobody was told of
 */
export function programsOf(operation: Operation, isContended: boolean, mark: string): readonly Program[] {
  switch (operation.kind) {
    case 'introspect':
    case 'userinfo':
      return readPrograms(operation);
    case 'redeem':
      return redeemPrograms(operation, isContended, mark);
    case 'refresh':
      return refreshPrograms(operation, isContended, mark);
    case 'revoke':
      return revokePrograms(operation);
    case 'deleteConsent':
      return deletePrograms(operation, 'noConsent');
    case 'deleteClient':
      return deletePrograms(operation, 'noClient');
  }
}

function readPrograms({ token = '', answer }: Operation): readonly Program[] {
  if (answer.is === 'active') return [[look((state) => isLive(state, token))]];
  if (answer.is === 'inactive') return [[look((state) => !isLive(state, token))]];
  return [];
}

function redeemPrograms({ answer }: Operation, isContended: boolean, mark: string): readonly Program[] {
  // Both versions look at the code before their transaction: of two at once each may get tokens, and both pairs live.
  const redeemed = (access: string, refresh: string): Program => [
    look((state) => state.code === 'fresh'),
    change((state) => (state.parent === 'there' ? { ...added(state, access, refresh), code: 'used' } : undefined)),
  ];
  const reused: Program = [look((state) => state.code === 'used'), ...END_ACCESS, ...END_REFRESH];
  if (answer.is === 'tokens') return [redeemed(answer.access, answer.refresh)];
  if (answer.is === 'reused') return [reused];
  if (answer.is === 'unknown') return [redeemed(`a${mark}`, `r${mark}`), reused];
  // The other one has taken the proof of possession (PKCE) away, outside of any transaction.
  if (answer.is === 'notFound' && isContended) return [NO_EFFECT];
  return refusals(answer.is, isContended, () => false);
}

function refreshPrograms({ token = '', answer }: Operation, isContended: boolean, mark: string): readonly Program[] {
  const rotatedByBlue = (access: string, refresh: string): Program => [
    change((state) =>
      isLive(state, token) && state.parent === 'there'
        ? rotated(state, liveOf(state.access), access, refresh)
        : undefined,
    ),
  ];
  // 2.3.0 looks at the token before its transaction, which then spends whichever token of the grant is live, and ends those access
  // tokens that were there when it began to: of two at once both may be answered, and the access token of the first lives on.
  const rotatedByGreen = (access: string, refresh: string): Program => [
    look((state) => isLive(state, token)),
    SEE_ACCESS,
    withSeen((state, seen) =>
      hasLiveRefresh(state) && state.parent === 'there' ? rotated(state, seen, access, refresh) : undefined,
    ),
  ];
  const isOver = (state: GrantState) => ['spent', 'dead'].includes(state.refresh.get(token) ?? '');
  const reused: Program = [look(isOver), ...END_BOTH];
  if (answer.is === 'tokens') return [(answer.byBlue ? rotatedByBlue : rotatedByGreen)(answer.access, answer.refresh)];
  if (answer.is === 'reused') return [reused];
  if (answer.is === 'unknown') return [rotatedByGreen(`a${mark}`, `r${mark}`), reused];
  return refusals(answer.is, isContended, (state) => state.refresh.get(token) === 'dead');
}

/** Refused, and nothing happened. */
function refusals(is: string, isContended: boolean, isForgotten: (state: GrantState) => boolean): readonly Program[] {
  if (is === 'conflict') return isContended ? [NO_EFFECT] : [];
  if (is === 'notFound') return [[look((state) => isForgotten(state) || state.parent !== 'there')]];
  if (is === 'noClient') return [[look(({ parent }) => parent === 'noClient')]];
  return [];
}

function revokePrograms({ token = '', answer }: Operation): readonly Program[] {
  // Both versions say 200 for a token that they do not know any more.
  const late: Program = [look((state) => !isLive(state, token))];
  const ended: Program = [look((state) => isLive(state, token)), ...END_REFRESH, ...END_ACCESS];
  if (answer.is === 'done') return [late, ended];
  if (answer.is === 'noClient') return refusals(answer.is, false, () => false);
  return answer.is === 'unknown' ? [ended] : [];
}

function deletePrograms({ answer }: Operation, parent: 'noConsent' | 'noClient'): readonly Program[] {
  const gone: Program = [
    change((state) => ({ ...killed(state), parent: state.parent === 'noClient' ? 'noClient' : parent })),
  ];
  if (answer.is === 'done') return [gone];
  if (answer.is === 'notFound') return [[look((state) => state.parent !== 'there')]];
  return answer.is === 'unknown' ? [gone] : [];
}
