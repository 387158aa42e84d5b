/** Reads and writes of one grant. `introspect` goes to the admin listener, `userinfo` to the public one. */
export const READS = ['introspect', 'userinfo'] as const;
export const WRITES = ['redeem', 'refresh', 'revoke', 'deleteConsent', 'deleteClient'] as const;
export type ReadKind = (typeof READS)[number];
export type WriteKind = (typeof WRITES)[number];
export type OperationKind = ReadKind | WriteKind;

/**
 * What the caller was told.
 *
 * `tokens`: a new pair; `byBlue` when it was Hydra 1.11.10 that made it. `reused`: refused because the code or refresh token was used
 * before, which ends the chain. `notFound`: refused as something that Hydra does not know. `noClient`: the client is unknown.
 * `conflict`: refused because another request changed the grant at the same time. `done`: a write without an answer to look at.
 * `unknown`: a time-out, a connection that was cut, or a 5xx; it may have happened, now or later, or not, or in part.
 */
export type Answer =
  | { readonly is: 'tokens'; readonly access: string; readonly refresh: string; readonly byBlue: boolean }
  | { readonly is: 'reused' | 'notFound' | 'noClient' | 'conflict' | 'done' | 'active' | 'inactive' | 'unknown' };

/** One request about one grant. Tokens have labels here (`a1`, `r1`), never their value. */
export interface Operation {
  readonly kind: OperationKind;
  /** Label of the token that it is about; undefined for the others. */
  readonly token?: string;
  /** Milliseconds of one clock, before it was sent. */
  readonly at: number;
  /** After its answer was read. Infinity when there was none. */
  readonly until: number;
  readonly answer: Answer;
  /** Through which gateway; for people. */
  readonly via?: string;
}

export const isRead = ({ kind }: Pick<Operation, 'kind'>): boolean => (READS as readonly string[]).includes(kind);

/** Whether some moment lies within both. */
export const overlap = (one: Operation, other: Operation): boolean => one.at < other.until && other.at < one.until;

/** @returns those that ran at the same time as another one of the grant, one of the two being a write */
export function contendedOf(history: readonly Operation[]): readonly Operation[] {
  return history.filter((one) =>
    history.some((other) => other !== one && overlap(one, other) && !(isRead(one) && isRead(other))),
  );
}

/** One line, for people. */
export function describeOperation({ kind, token, at, until, answer, via }: Operation): string {
  const said =
    answer.is === 'tokens' ? `${answer.access} ${answer.refresh}${answer.byBlue ? ' (blue)' : ''}` : answer.is;
  const times = `${at.toFixed(1)}..${until === Infinity ? '?' : until.toFixed(1)} ms`;
  return `${times}  ${kind}${token === undefined ? '' : ` ${token}`} -> ${said}${via === undefined ? '' : `  via ${via}`}`;
}
