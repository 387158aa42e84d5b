import { type Mutation } from './mutation';

/** Of the activity that does what `domain/switchover.ts` decides. */
export const ACTIVITY_MUTATIONS: readonly Mutation[] = [
  {
    what: 'writes that are refused after a carry for another reason do not count',
    file: 'activities/switchover/around-fence.ts',
    find: `return refused === 0 || (carried !== null && carried.refused !== 0);`,
    replace: `return refused === 0 || carried !== null;`,
    killedBy: 'around',
  },
  {
    what: 'only the tables that are named are carried, although one of the signs names none',
    file: 'activities/switchover/around-fence.ts',
    find: ` || named.some((tables) => tables.length === 0)) return all;`,
    replace: `) return all;`,
    killedBy: 'around',
  },
  {
    what: 'green opens although rows differ still after they were carried',
    file: 'activities/switchover/around-fence.ts',
    find: `    if (differences > 0) {`,
    replace: `    if (differences < 0) {`,
    killedBy: 'around',
  },
  {
    what: 'gateways are not told anew what came with a carry',
    file: 'activities/switchover/around-fence.ts',
    find: `    run.informed.clear();\n`,
    replace: ``,
    killedBy: 'around',
  },
  {
    what: 'nobody may ever stop to wait for a gateway whose lease is not known',
    file: 'activities/switchover/after-commit.ts',
    find: `  if (run.areHoldsOver) return false;\n`,
    replace: ``,
    killedBy: 'resumed',
  },
  {
    what: 'a gateway whose lease is not known counts as one that reads nothing',
    file: 'activities/switchover/after-commit.ts',
    find: `return member === undefined || run.sessions`,
    replace: `return member !== undefined && run.sessions`,
    killedBy: 'resumed',
  },
  {
    what: 'a hold that another worker asked for counts as over too soon',
    file: 'activities/switchover/attempt.ts',
    find: `return this.heldForMs > 2 * holdDeadlineMs + leaseMarginMs;`,
    replace: `return this.heldForMs > holdDeadlineMs;`,
    killedBy: 'resumed',
  },
  {
    what: 'gateways are told of a commit by a blue that has not seen everybody on green, where green says nothing',
    file: 'activities/switchover/enrol-parties.ts',
    find: `'finalized' in seen[0] && seen[0].finalized;`,
    replace: `'finalized' in seen[0];`,
    killedBy: 'enrol',
  },
  {
    what: 'gateways are told of the commit of another cutover',
    file: 'activities/switchover/enrol-parties.ts',
    find: `left.cutoverId !== entered.cutoverId)`,
    replace: `left.cutoverId === '')`,
    killedBy: 'enrol',
  },
  {
    what: 'finalize takes its things off a green that was opened for another epoch',
    file: 'activities/finalize.ts',
    find: `if (hasTakenWrites(found, to) && found.epoch === epoch) return true;`,
    replace: `if (hasTakenWrites(found, 'green')) return true;`,
    killedBy: 'finalize',
  },
  {
    what: 'a party that serves green for an older epoch is taken for one that was brought there',
    file: 'activities/switchover/parties.ts',
    find: `if (view.appliedEpoch === epoch && view.appliedSide === side) return;`,
    replace: `if (view.appliedSide === side) return;`,
    killedBy: 'parties',
  },
  {
    what: 'a blue that does not know the attempt of a run has given it up',
    file: 'activities/switchover/claim-attempt.ts',
    find: `        return 'busy';\n    }`,
    replace: `        return { outcome: 'aborted', attempt, epoch: null };\n    }`,
    killedBy: 'givenUp',
  },
];
