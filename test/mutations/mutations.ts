import { type Mutation } from './mutation';
import { ACTIVITY_MUTATIONS } from './activity-mutations';
import { ARBITER_MUTATIONS } from './arbiter-mutations';
import { DECISION_MUTATIONS } from './decision-mutations';

/** Every one is proven by `npm run mutate`, and shown in `docs/reference/mutations.md`. */
export const MUTATIONS: readonly Mutation[] = [...DECISION_MUTATIONS, ...ACTIVITY_MUTATIONS, ...ARBITER_MUTATIONS];
