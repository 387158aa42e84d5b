import { attemptToClaim, noneBegunSince, ownedAfterClaim } from '../../activities/switchover/claim-attempt';
import { afterAction, initialSwitchover, nextAction } from '../../domain/switchover';
import { FORWARD } from '../../domain/sides';
import { applyTarget, commitTarget, nextEpoch, revertTarget, stageTarget } from '../../domain/target';
import {
  applyGateway,
  commitGateway,
  holdGateway,
  isNewsOf,
  isSettled,
  movedEpoch,
  moveReads,
  readsGoTo,
  revertGateway,
  stageGateway,
  undecidedEpoch,
} from '../../gateway/core/gateway-record';
import { isBound } from '../../gateway/core/membership';
import { beatMember, beginAttempt, beginRemoval, commitAttempt, fence, mayReadHere } from './arbiter-twin';
import { learnCommitted } from './member-twin';

/** Everything that decides, from production; a test takes single answers out of it to see whether the model misses them. */
export const PRODUCTION_RULES = {
  direction: FORWARD,
  initialSwitchover,
  nextAction,
  afterAction,
  attemptToClaim,
  ownedAfterClaim,
  noneBegunSince,
  nextEpoch,
  stageTarget,
  applyTarget,
  revertTarget,
  commitTarget,
  stageGateway,
  applyGateway,
  revertGateway,
  commitGateway,
  holdGateway,
  isNewsOf,
  movedEpoch,
  moveReads,
  readsGoTo,
  isSettled,
  undecidedEpoch,
  isBound,
  // The twins', which the controller and the SQL are held against.
  learnCommitted,
  beatMember,
  mayReadHere,
  beginAttempt,
  fence,
  commitAttempt,
  beginRemoval,
};

export type ModelRules = typeof PRODUCTION_RULES;

/** The same, for a switchover the other way round. */
export const BACKWARD_RULES: ModelRules = { ...PRODUCTION_RULES, direction: { from: FORWARD.to, to: FORWARD.from } };
