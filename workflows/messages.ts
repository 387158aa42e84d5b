import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import { BRAKE_QUERY, BRAKE_SIGNAL, BRAKE_UPDATE, type BrakeMessage } from '../domain/brake';
import { CANCEL_NOTE_SIGNAL, type CancelMessage } from '../domain/cancel-note';
import { COMMITTED_SIGNAL, type CommitWord } from '../domain/commit-word';
import {
  DECIDE_SIGNAL,
  DECIDE_UPDATE,
  STATUS_QUERY,
  type BrakeState,
  type CutoverStatus,
  type DecisionAnswer,
  type DecisionMessage,
} from '../domain/runbook';

/** A person's decision. Refused at once, with a reason, when it does not fit. */
export const decideUpdate = defineUpdate<DecisionAnswer, [DecisionMessage], typeof DECIDE_UPDATE>(DECIDE_UPDATE);
/** The same without an answer, kept by Temporal while no worker runs. One that does not fit is noted and ignored. */
export const decideSignal = defineSignal<[DecisionMessage], typeof DECIDE_SIGNAL>(DECIDE_SIGNAL);
export const statusQuery = defineQuery<CutoverStatus, [], typeof STATUS_QUERY>(STATUS_QUERY);

/** Slows, pauses or resumes whatever reads blue at length. */
export const brakeUpdate = defineUpdate<BrakeState, [BrakeMessage], typeof BRAKE_UPDATE>(BRAKE_UPDATE);
export const brakeSignal = defineSignal<[BrakeMessage], typeof BRAKE_SIGNAL>(BRAKE_SIGNAL);
export const brakeQuery = defineQuery<BrakeState | null, [], typeof BRAKE_QUERY>(BRAKE_QUERY);

/** Who asks to cancel, and why: sent before the request itself, which tells a workflow neither. */
export const cancelNoteSignal = defineSignal<[CancelMessage], typeof CANCEL_NOTE_SIGNAL>(CANCEL_NOTE_SIGNAL);

/** A step tells its run that the writes have moved, when they have. Undefined where a person sends it without input. */
export const committedSignal = defineSignal<[CommitWord | undefined], typeof COMMITTED_SIGNAL>(COMMITTED_SIGNAL);
