/** What looks at a mutation, in the order of what it costs: the tests of a path. */
export const CHECKS = {
  walk: 'test/unit/domain/switchover.test.ts',
  protocol: 'test/unit/domain/target.test.ts',
  gateway: 'test/unit/gateway/core',
  model: 'test/unit/model',
  parties: 'test/unit/activities/switchover',
  twin: 'test/integration/hydra/arbiter/twin.test.ts',
  guards: 'test/integration/hydra/arbiter/arbiter.test.ts',
  committing: 'test/integration/hydra/arbiter/commit.test.ts',
  decisions: 'test/integration/hydra/arbiter/decisions.test.ts',
  members: 'test/integration/hydra/arbiter/members.test.ts',
  sides: 'test/integration/hydra/arbiter/sides.test.ts',
  doubt: 'test/integration/gateway/doubt-postgres.test.ts',
  sync: 'test/integration/hydra/sync/sync.test.ts',
  switchover: 'test/integration/activities/switchover.test.ts',
  owner: 'test/integration/activities/switchover-owner.test.ts',
  resumed: 'test/integration/activities/switchover-resumed.test.ts',
  around: 'test/integration/activities/switchover-around.test.ts',
  givenUp: 'test/integration/activities/switchover-given-up.test.ts',
  enrol: 'test/integration/activities/enrol.test.ts',
  finalize: 'test/integration/activities/capture.test.ts',
} as const;

export type CheckName = keyof typeof CHECKS;

/** A text of a source that is replaced. It must occur exactly once. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** One answer taken out of production code, small enough to be missed by a reader. */
export interface Mutation extends Edit {
  /** What is wrong then, as the end of "what if …". */
  readonly what: string;
  /** The tests that fail. Where a second line saves the mutation, they fail only when that is taken out as well. */
  readonly killedBy: CheckName;
  readonly secondLine?: {
    /** What stands behind it, as a sentence. */
    readonly what: string;
    readonly edit: Edit;
  };
}

type Shared = Pick<Mutation, 'file' | 'killedBy'>;

/** Mutations of one file that the same tests notice, where one says nothing else. */
export function mutationsOf(
  shared: Shared,
  mutations: readonly (Omit<Mutation, keyof Shared> & Partial<Shared>)[],
): readonly Mutation[] {
  return mutations.map((mutation) => ({ ...shared, ...mutation }));
}
