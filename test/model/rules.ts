import { attemptToClaim, noneBegunSince, ownedAfterClaim } from '../../activities/switchover/claim-attempt';
import { afterAction, initialSwitchover, nextAction } from '../../domain/switchover';
import { applyTarget, commitTarget, nextEpoch, revertTarget, stageTarget } from '../../domain/target';
import {
  applyGateway,
  commitGateway,
  holdGateway,
  isNewsOf,
  isSettled,
  moveReads,
  readsGoTo,
  revertGateway,
  stageGateway,
  undecidedEpoch,
} from '../../gateway/core/gateway-record';
import { beginAttempt, beginRemoval, commitAttempt, fence } from './arbiter-twin';

/** Everything that decides, from production; a test takes single answers out of it to see whether the model misses them. */
export const PRODUCTION_RULES = {
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
  moveReads,
  readsGoTo,
  isSettled,
  undecidedEpoch,
  // The twin's, which the SQL is held against.
  beginAttempt,
  fence,
  commitAttempt,
  beginRemoval,
};

export type ModelRules = typeof PRODUCTION_RULES;
