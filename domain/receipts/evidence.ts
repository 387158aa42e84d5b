import { type CallersReceipt } from '../callers';
import { type KnownGateway } from '../known-gateways';
import { type ParityReceipt } from './copy';

/** How old the comparison of all rows is that goes on beside the sync. By the clock of green's database. */
export interface ProofReceipt {
  /** ISO 8601: every row was compared after this moment; null: not every one was. */
  readonly provenSince: string | null;
  readonly ageMs: number | null;
  /** Ranges of rows that have to be looked at again after a round. */
  readonly unequal: number;
}

export interface CutoverEvidence {
  /** ISO 8601. */
  readonly gatheredAt: string;
  readonly backlog: number;
  /** Null, as everything that is measured, while a row of blue waits to be corrected: `problems` has it. */
  readonly lastRoundMs: number | null;
  /** Of the rows that changed last alone; the comparison of all rows is a phase of its own. */
  readonly parity: ParityReceipt;
  /** Missing where an older worker gathered it. */
  readonly proof?: ProofReceipt;
  /** Trigger on blue to row on green. */
  readonly canaryMs: number | null;
  readonly requestsPerSecond: number | null;
  /** Of clients' answers at the gateways while this was gathered; null where none was seen. Missing where an older worker gathered it. */
  readonly clientsP95Ms?: number | null;
  /** What blue's change log grew by in a second, and what it takes on blue's disk. Missing where an older worker gathered it. */
  readonly changesPerSecond?: number;
  readonly changeLogBytes?: number;
  readonly predictedPauseMs: number | null;
  /** Null while a row of blue waits to be corrected. */
  readonly answers: AnswersReceipt | null;
  /** Missing while a row of blue waits to be corrected, and where an older worker gathered it. */
  readonly canaryUser?: CanaryEvidence;
  readonly problems: readonly string[];
  /** What clients write at the gateways, in the last minute; null when a gateway does not tell. */
  readonly writesPerSecond?: number | null;
  /** How long the oldest transaction that writes on blue was open; null: none was. Missing where an older worker gathered it. */
  readonly longestWriteMs?: number | null;
  /** What green would answer otherwise, as the gateways saw it and as both sides were asked. */
  readonly notices?: readonly string[];
  /** Answers of green beside those of blue, in a sentence. */
  readonly shadow?: string;
  /** How many of them. Missing where none were asked for, and where an older worker gathered it. */
  readonly shadowCompared?: number;
  /** Who calls blue past the gateways. */
  readonly callers?: CallersReceipt;
  /** How busy each side is, in a sentence each. */
  readonly load?: readonly string[];
  /** Who is listed and who is a member at blue's arbiter. */
  readonly knownGateways?: readonly KnownGateway[];
}

interface CanarySince {
  /** ISO 8601, by the clock of blue's database. */
  readonly loggedInAt: string | null;
  /** What he got is older than the snapshot. */
  readonly beforeSnapshot: boolean;
}

/** What closed green says of a user who logged in on blue. */
export interface CanaryEvidence extends CanarySince {
  /** `known`: it takes his tokens for what blue does. `unproven`: nobody could be asked about. */
  readonly state: 'known' | 'unproven' | 'wrong';
  readonly why: string | null;
}

/** How far that user came on green. */
export interface CanaryReceipt extends CanarySince {
  /** `inconclusive`: nothing broke, and not everything was seen. */
  readonly state: 'held' | 'broken' | 'inconclusive';
  readonly why: string | null;
  readonly steps: readonly { readonly step: string; readonly state: string; readonly why?: string }[];
}

/** What both Hydras were asked while green was closed. */
export interface AnswersReceipt {
  /** ISO 8601. */
  readonly askedAt: string;
  readonly asked: readonly { readonly question: string; readonly asked: number; readonly differing: number }[];
  /** What is different and not declared: the first ones. */
  readonly findings: readonly AnswerFinding[];
  /** How many there are in all. */
  readonly found: number;
  /** What could not be asked, and why. */
  readonly notAsked: readonly string[];
}

/** One field that green answers otherwise than blue. Names, no contents. */
export interface AnswerFinding {
  readonly question: string;
  /** Id of a client, a consent, a trusted issuer or a key set. */
  readonly about: string;
  readonly field: string;
  readonly kind: 'lost' | 'added' | 'changed' | 'unanswered';
}
