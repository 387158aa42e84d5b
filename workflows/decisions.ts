import { CutoverFault } from '../domain/faults';
import {
  GATES,
  NAME_LENGTH_MAX,
  NOTE_LENGTH_MAX,
  type Decision,
  type DecisionMessage,
  type Gate,
  type AnyPhase,
} from '../domain/runbook';

export interface OpenGate {
  readonly gate: Gate;
  readonly question: string;
  readonly decisions: readonly Decision[];
}

/** What a decision is judged by. */
export interface GateView {
  readonly open: OpenGate | null;
  /** The latest decision that was followed. */
  readonly last: DecisionMessage | null;
  readonly phase: AnyPhase;
  readonly startedBy: string;
  readonly approverIsNotStarter: boolean;
  /** Why gate `cutover` is approved only with a note; null: it needs none. */
  readonly approvalNeedsNote?: string | null;
  /** Empty: anybody. */
  readonly approvers: readonly string[];
}

/** What an answer that is shown to be copied has where a person fills in. */
const PLACEHOLDERS = { by: ['YOUR NAME', 'YOUR_NAME', 'NAME'], note: 'why' } as const satisfies {
  readonly by: readonly string[];
  readonly note: string;
};

/** Whoever leaves something undone says why: the report keeps it. */
const NEEDS_NOTE: readonly Decision[] = ['skip', 'give_up'];

const EXAMPLE = '{"gate":"plan","decision":"approve","by":"you@example.org"}';

/**
 * Judges a decision as it came over the wire: from the Temporal UI that is any JSON, or nothing at all.
 *
 * @throws CutoverFault DECISION_INVALID | GATE_NOT_OPEN; the message is what the person reads
 */
export function judgeDecision(raw: unknown, view: GateView): DecisionMessage {
  const message = parseDecision(raw);
  assertOpen(message, view);
  const starter = normalized(view.startedBy);
  // `intervene` is an emergency: there the starter may be the only one awake.
  if (view.approverIsNotStarter && message.gate !== 'intervene' && normalized(message.by) === starter) {
    throw invalid(
      `"by" is "${message.by}", who started this cutover; another person must decide gate ${message.gate} (the config says so; both names are claims)`,
    );
  }
  if (message.gate === 'cutover' && message.decision === 'approve' && message.note === undefined) {
    const { approvalNeedsNote } = view;
    if (approvalNeedsNote != null) throw invalid(`${approvalNeedsNote}; wait, or say in "note" why it must be now`);
  }
  if (message.gate !== 'intervene' && view.approvers.length > 0 && !view.approvers.some(isClaimed(message.by))) {
    throw invalid(
      `"by" is "${message.by}", who is none of those that may decide gate ${message.gate}: ${view.approvers.join(', ')} (gates.approvers of the config; names are claims)`,
    );
  }
  return message;
}

/**
 * What was read is what is approved: at the gate that has no way back an approval names its question. And who decides has put
 * something of his own where the JSON to be copied has placeholders.
 *
 * @throws CutoverFault DECISION_INVALID
 */
export function assertNamed({ gate, decision, by, note, question }: DecisionMessage): void {
  if (PLACEHOLDERS.by.some((word) => word === by)) {
    throw invalid(`"by" is still "${by}"; put your name there, for the report; nothing was recorded`);
  }
  if (note === PLACEHOLDERS.note) {
    throw invalid(`"note" is still "${note}"; say why, or leave it out; nothing was recorded`);
  }
  if (gate !== 'cutover' || decision !== 'approve' || question !== undefined) return;
  throw invalid(
    'gate cutover takes an approval only with "question", the id that stands with the evidence (Current Details, `status`): what was read is what is approved; nothing was recorded',
  );
}

function isClaimed(by: string): (approver: string) => boolean {
  return (approver) => normalized(approver) === normalized(by);
}

function assertOpen(message: DecisionMessage, { open, last, phase }: GateView): void {
  const { gate, decision, question } = message;
  if (open === null || open.gate !== gate) {
    if (last?.gate === gate) {
      throw notOpen(`gate ${gate} is decided already: ${last.decision} by ${last.by}; nothing was recorded`);
    }
    const now = open === null ? `no gate is open, the phase is ${phase}` : `the open gate is ${open.gate}`;
    throw notOpen(`gate ${gate} is not open: ${now}; nothing was recorded`);
  }
  if (question !== undefined && question !== open.question) {
    throw notOpen(
      `the decision is for question ${question}, of an earlier time or another run; the open one is ${open.question}: read it again and decide again; nothing was recorded`,
    );
  }
  if (!open.decisions.includes(decision)) {
    throw invalid(
      `gate ${gate} does not take "${decision}" ${GATES[gate].some((known) => known === decision) ? 'this time' : ''}`.trimEnd() +
        `; allowed: ${open.decisions.join(', ')}`,
    );
  }
}

function parseDecision(raw: unknown): DecisionMessage {
  if (raw === undefined || raw === null || raw === '') throw invalid(`the decision is empty; send ${EXAMPLE}`);
  if (typeof raw !== 'object' || Array.isArray(raw)) {
    const kind = Array.isArray(raw) ? 'a list' : `a ${typeof raw}`;
    throw invalid(`the decision is ${kind}, not an object; send ${EXAMPLE}`);
  }
  const { gate, decision, by, note, question } = raw as Readonly<Record<string, unknown>>;
  const problems: string[] = [];
  if (!isGate(gate)) problems.push(`"gate" must be one of ${Object.keys(GATES).join(', ')}`);
  if (!isDecision(decision)) problems.push(`"decision" must be one of ${allDecisions().join(', ')}`);
  if (typeof by !== 'string' || by.trim() === '') problems.push('"by" must say who decides');
  else if (by.length > NAME_LENGTH_MAX) problems.push(`"by" has more than ${NAME_LENGTH_MAX} characters`);
  if (note !== undefined && note !== null && typeof note !== 'string') problems.push('"note" must be text');
  else if (typeof note === 'string' && note.length > NOTE_LENGTH_MAX) {
    problems.push(`"note" has more than ${NOTE_LENGTH_MAX} characters`);
  } else if (isDecision(decision) && NEEDS_NOTE.includes(decision) && !isText(note)) {
    problems.push(`"${decision}" needs "note" (on the command line --note): why, for the report`);
  }
  if (question !== undefined && question !== null && !isText(question)) {
    problems.push('"question" must be text, as `status` shows it');
  }
  if (problems.length > 0 || !isGate(gate) || !isDecision(decision) || typeof by !== 'string') {
    // An example helps who sent another shape, and misleads who only left something out.
    const isOfShape = isGate(gate) && isDecision(decision) && typeof by === 'string' && by.trim() !== '';
    throw invalid(`${problems.join('; ')}; ${isOfShape ? 'nothing was recorded' : `send for example ${EXAMPLE}`}`);
  }
  return {
    gate,
    decision,
    by: by.trim(),
    ...(isText(note) ? { note: note.trim() } : {}),
    ...(isText(question) ? { question: question.trim() } : {}),
  };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

function isGate(value: unknown): value is Gate {
  return typeof value === 'string' && Object.hasOwn(GATES, value);
}

function isDecision(value: unknown): value is Decision {
  return allDecisions().some((known) => known === value);
}

/** Of all gates together. */
export function allDecisions(): readonly Decision[] {
  return [...new Set(Object.values(GATES).flat())];
}

function normalized(name: string): string {
  return name.trim().toLowerCase();
}

function invalid(message: string): CutoverFault {
  return new CutoverFault('DECISION_INVALID', message);
}

function notOpen(message: string): CutoverFault {
  return new CutoverFault('GATE_NOT_OPEN', message);
}
