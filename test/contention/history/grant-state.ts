/** `spent`: rotated, and Hydra remembers it. `dead`: ended; whether Hydra still knows the row differs by version. */
export type TokenState = 'live' | 'spent' | 'dead';

/** Everything Hydra keeps of one grant. Immutable; tokens are only there once they were made. */
export interface GrantState {
  readonly code: 'fresh' | 'used';
  /** What the grant hangs on: a consent or client that was deleted takes everything with it. */
  readonly parent: 'there' | 'noConsent' | 'noClient';
  readonly access: ReadonlyMap<string, 'live' | 'dead'>;
  readonly refresh: ReadonlyMap<string, TokenState>;
}

export const FRESH_GRANT: GrantState = { code: 'fresh', parent: 'there', access: new Map(), refresh: new Map() };

export function isLive(state: GrantState, token: string): boolean {
  return (state.access.get(token) ?? state.refresh.get(token)) === 'live';
}

export function hasLiveRefresh(state: GrantState): boolean {
  return [...state.refresh.values()].includes('live');
}

/** The labels of what can be used now. */
export function liveOf(tokens: ReadonlyMap<string, TokenState>): ReadonlySet<string> {
  return new Set([...tokens].flatMap(([label, is]) => (is === 'live' ? [label] : [])));
}

export function withAccessDead(state: GrantState, labels: ReadonlySet<string>): GrantState {
  const access = new Map(state.access);
  for (const label of labels) if (access.has(label)) access.set(label, 'dead');
  return { ...state, access };
}

/** Those of `labels`, and every spent one: Hydra touches all rows of the request that it sees. */
export function withRefreshDead(state: GrantState, labels: ReadonlySet<string>): GrantState {
  const refresh = new Map(state.refresh);
  for (const [label, is] of refresh) if (labels.has(label) || is === 'spent') refresh.set(label, 'dead');
  return { ...state, refresh };
}

export function killed(state: GrantState): GrantState {
  return withRefreshDead(withAccessDead(state, new Set(state.access.keys())), new Set(state.refresh.keys()));
}

/** A new pair beside whatever there is. */
export function added(state: GrantState, access: string, refresh: string): GrantState {
  return {
    ...state,
    access: new Map(state.access).set(access, 'live'),
    refresh: new Map(state.refresh).set(refresh, 'live'),
  };
}

/** A new pair in the place of every live refresh token, and of those access tokens that the rotation saw. */
export function rotated(state: GrantState, seen: ReadonlySet<string>, access: string, refresh: string): GrantState {
  const spent = new Map([...state.refresh].map(([label, is]) => [label, is === 'live' ? 'spent' : is] as const));
  return added({ ...withAccessDead(state, seen), refresh: spent }, access, refresh);
}

/** Equal for equal states. */
export function keyOf({ code, parent, access, refresh }: GrantState): string {
  const tokens = [...access, ...refresh].map(([label, is]) => `${label}${is[0] ?? ''}`).sort();
  return `${code[0] ?? ''}${parent}${tokens.join('')}`;
}
