import { SIDE_NAMES, type SideName } from '../../domain/sides';
import {
  abandonSide,
  abortAttempt,
  type ArbiterTwin,
  beginAttempt,
  beatMember,
  beginRemoval,
  BIGINT_MAX,
  claimEpoch,
  commitAttempt,
  endLeases,
  endMemberLeases,
  type Epoch,
  fence,
  forgetMember,
  leaveMember,
  markFinalized,
  mayReadHere,
  newArbiterTwin,
  openSide,
  outcome,
  prepares,
  serves,
  TwinError,
} from './arbiter-twin';
import { type RandomNumbers } from './random-numbers';

/** One call of a sequence: as SQL, and what the twin says of it. */
export interface ExpectedCall {
  /** An expression that gives the answer; null for a statement that changes the surroundings. */
  readonly expression: string | null;
  readonly statement: string | null;
  /** Without times. An error is `{ error: SQLSTATE }`. */
  readonly answer: unknown;
  readonly rows: ExpectedRows;
}

/** What is stored after a call; leases as `none`, `live` or `over`. */
export interface ExpectedRows {
  readonly run: readonly [state: string, attempt: number, epoch: number, lease: string];
  readonly armed: boolean;
  readonly attempts: readonly (readonly [attempt: number, epoch: number, state: string, isLeaseLive: boolean])[];
  readonly finalized: readonly number[];
  readonly members: readonly (readonly [
    member: string,
    isLeaseLive: boolean,
    boundEpoch: number,
    movedEpoch: number,
  ])[];
}

export interface CallSequence {
  readonly side: SideName;
  /** As it was installed, whatever its colour: nothing that an arbiter does may depend on that. */
  readonly state: 'open' | 'closed';
  readonly calls: readonly ExpectedCall[];
}

const LOCK_TIMEOUT_MS = 2_000;
const PROBLEM = 'planted by the test';

interface Drawn {
  readonly twin: ArbiterTwin;
  readonly answer: unknown;
  readonly expression?: string;
  readonly statement?: string;
}

type Draw = (twin: ArbiterTwin, random: RandomNumbers) => Drawn;

/** A call of an SQL function, with what the twin does; an error of the twin changes nothing. */
function call(twin: ArbiterTwin, expression: string, run: () => { twin: ArbiterTwin; answer: unknown }): Drawn {
  try {
    return { expression: `hydra_cutover.${expression}`, ...run() };
  } catch (error) {
    if (!(error instanceof TwinError)) throw error;
    return { expression: `hydra_cutover.${expression}`, twin, answer: { error: error.code } };
  }
}

/** Mostly what somebody would ask for now, sometimes what nobody should. */
function drawEpoch(twin: ArbiterTwin, random: RandomNumbers): Epoch {
  const known = Math.max(twin.epoch, ...twin.attempts.map(({ epoch }) => epoch), 0);
  const next = known < BIGINT_MAX ? known + 1 : known;
  const odd: readonly [Epoch, ...Epoch[]] = [null, 0, -1, next + 1, next + 7];
  if (random.below(150) === 0) return BIGINT_MAX;
  return random.below(12) === 0 ? random.pick(odd) : random.pick([next, next, next, known, known, known - 1]);
}

function drawAttempt(twin: ArbiterTwin, random: RandomNumbers): Epoch {
  const newest = twin.attempts.length;
  const odd: readonly [Epoch, ...Epoch[]] = [null, 0, -1, newest + 1, BIGINT_MAX];
  return random.below(12) === 0 ? random.pick(odd) : random.pick([newest, newest, newest, newest, newest - 1]);
}

function sql(value: Epoch): string {
  if (value === null) return 'NULL::bigint';
  return value >= BIGINT_MAX ? '9223372036854775807' : `${value}::bigint`;
}

const ofAttempt =
  (
    name: string,
    run: (twin: ArbiterTwin, attempt: Epoch) => { twin: ArbiterTwin; answer: unknown },
    more: string,
  ): Draw =>
  (twin, random) => {
    const attempt = drawAttempt(twin, random);
    return call(twin, `${name}(${sql(attempt)}${more})`, () => run(twin, attempt));
  };

const ofEpoch =
  (name: string, run: (twin: ArbiterTwin, epoch: Epoch) => { twin: ArbiterTwin; answer: unknown }, more = ''): Draw =>
  (twin, random) => {
    const epoch = drawEpoch(twin, random);
    return call(twin, `${name}(${sql(epoch)}${more})`, () => run(twin, epoch));
  };

const begin: Draw = (twin, random) => {
  const epoch = drawEpoch(twin, random);
  const holdMs = random.pick<number | null>([600_000, 600_000, 600_000, 600_000, 600_000, 600_000, 100, 0, null]);
  const marginMs = 200;
  const leaseMs = holdMs === null ? null : holdMs - marginMs;
  const args = `${sql(epoch)}, ${holdMs ?? 'NULL'}, ${marginMs}`;
  return call(twin, `begin_attempt(${args})`, () => beginAttempt(twin, epoch, leaseMs));
};

const claim: Draw = (twin, random) => {
  const epoch = random.below(4) === 0 ? null : drawEpoch(twin, random);
  const applied = random.pick<Epoch>([0, 0, twin.epoch, null]);
  const by = random.below(40) === 0 ? `repeat('x', 100000)` : `'twin'`;
  return call(twin, `claim_epoch(${sql(epoch)}, ${sql(applied)}, ${by})`, () => claimEpoch(twin, epoch, applied));
};

/** Names are ids: two gateways are enough to tell who is counted. */
const MEMBERS: readonly [string, ...string[]] = [
  '00000000-0000-4000-8000-00000000000a',
  '00000000-0000-4000-8000-00000000000b',
];

const beat: Draw = (twin, random) => {
  const [member, moved] = [random.pick(MEMBERS), random.pick<Epoch>([0, 0, twin.epoch, null])];
  const known = random.pick<Epoch>([0, outcome(twin).living, outcome(twin).living, twin.epoch]);
  const args = `'${member}'::uuid, '${member}', 60000, ${sql(known)}, ${sql(moved)}`;
  return call(twin, `beat_member(${args})`, () => beatMember(twin, member, known, moved));
};

const leave: Draw = (twin, random) => {
  const member = random.pick(MEMBERS);
  return call(twin, `leave_member('${member}'::uuid)`, () => leaveMember(twin, member));
};

const forget: Draw = (twin, random) => {
  const member = random.pick(MEMBERS);
  return call(twin, `forget_member('${member}')`, () => forgetMember(twin, member));
};

const mayRead: Draw = (twin, random) => {
  const [member, epoch] = [random.pick(MEMBERS), drawEpoch(twin, random)];
  return call(twin, `may_read_here('${member}'::uuid, ${sql(epoch)})`, () => ({
    twin,
    answer: mayReadHere(twin, member, epoch),
  }));
};

const membersFallSilent: Draw = (twin) => ({
  statement: 'twin.end_member_leases',
  twin: endMemberLeases(twin),
  answer: null,
});

const timePasses: Draw = (twin) => ({ statement: 'twin.end_leases', twin: endLeases(twin), answer: null });

const setUndone: Draw = (twin, random) => {
  const undone = random.pick([0, 0, 3]);
  return { statement: `twin.set_undone ${undone}`, twin: { ...twin, undone }, answer: null };
};

const setProblem: Draw = (twin, random) => {
  const problems = random.pick<readonly string[]>([[], [PROBLEM]]);
  return { statement: `twin.set_problem ${problems.join()}`, twin: { ...twin, problems }, answer: null };
};

const timeout = `, ${LOCK_TIMEOUT_MS}`;
const fenceCall: Draw = (twin, random) => {
  const attempt = drawAttempt(twin, random);
  const heard = random.pick<readonly string[]>([MEMBERS, MEMBERS, MEMBERS.slice(0, 1), []]);
  const given = `ARRAY[${heard.map((member) => `'${member}'`).join()}]::uuid[]`;
  return call(twin, `fence(${sql(attempt)}${timeout}, ${given})`, () => fence(twin, attempt, heard));
};
const commitCall = ofAttempt('commit_attempt', commitAttempt, timeout);
const abortCall = ofAttempt('abort_attempt', abortAttempt, `, 'twin'${timeout}`);
const openCall = ofEpoch('open_side', openSide, timeout);
const looks: readonly [Draw, ...Draw[]] = [
  ofEpoch('serves', (twin, epoch) => ({ twin, answer: serves(twin, epoch) })),
  ofEpoch('prepares', (twin, epoch) => ({ twin, answer: prepares(twin, epoch) })),
  (twin) => call(twin, 'outcome()', () => ({ twin, answer: outcome(twin) })),
];
const look: Draw = (twin, random) => random.pick(looks)(twin, random);
const finalize = ofEpoch('mark_finalized', markFinalized);
const abandon: Draw = (twin) => call(twin, `abandon_side(${LOCK_TIMEOUT_MS})`, () => abandonSide(twin));
const remove: Draw = (twin) => call(twin, `begin_removal('twin')`, () => beginRemoval(twin));

/** How often each is drawn. */
const DRAWS: readonly (readonly [Draw, number])[] = [
  [begin, 26],
  [fenceCall, 20],
  [commitCall, 14],
  [abortCall, 8],
  [claim, 12],
  [timePasses, 5],
  [openCall, 4],
  [look, 10],
  [finalize, 3],
  [setUndone, 2],
  [setProblem, 3],
  [abandon, 2],
  [remove, 2],
  [beat, 12],
  [leave, 1],
  [forget, 1],
  [mayRead, 2],
  [membersFallSilent, 3],
];

const HAT: readonly Draw[] = DRAWS.flatMap(([draw, times]) => Array.from({ length: times }, () => draw));

/** A sequence of calls as several parties might make them, sensible and not. */
export function drawSequence(random: RandomNumbers, length: number): CallSequence {
  const side = random.pick(SIDE_NAMES);
  const state = random.below(5) === 0 ? 'closed' : 'open';
  let twin = newArbiterTwin(side, state);
  const calls: ExpectedCall[] = [];
  for (let index = 0; index < length; index += 1) {
    const draw = HAT[random.below(HAT.length)] ?? look;
    const drawn = draw(twin, random);
    twin = drawn.twin;
    const { expression = null, statement = null, answer } = drawn;
    calls.push({ expression, statement, answer, rows: rowsOf(twin) });
  }
  return { side, state, calls };
}

function rowsOf(twin: ArbiterTwin): ExpectedRows {
  const fenced = twin.attempts.find(({ attempt }) => attempt === twin.attempt);
  const lease = twin.state !== 'fenced' ? 'none' : fenced?.isLeaseLive === true ? 'live' : 'over';
  return {
    run: [twin.state, twin.attempt, twin.epoch, lease],
    armed: twin.isArmed,
    attempts: twin.attempts.map(({ attempt, epoch, state, isLeaseLive }) => [attempt, epoch, state, isLeaseLive]),
    finalized: twin.finalized,
    members: twin.members.map(({ member, isLeaseLive, boundEpoch, movedEpoch }) => [
      ...([member, isLeaseLive, boundEpoch, movedEpoch] as const),
    ]),
  };
}
