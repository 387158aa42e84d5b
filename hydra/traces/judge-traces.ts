import { gatewayLine } from '../../domain/evidence/gateways-block';
import { knownGateways } from '../../domain/known-gateways';
import { CUTOVER_TAG } from '../../domain/ports/database-provider';
import { type ArbiterDescription, hasTakenWrites, tellOrigin } from '../arbiter';
import { type DatabasesLook, type Judgement, type ResourceLook, type SideLook } from './databases-look';
import { leftoversOf, type SideTraces } from './read-traces';
import { withoutArbiter } from './without-arbiter';

/**
 * What the databases alone say of a cutover, for people. Pure.
 *
 * What is not there proves nothing, since an address may lead elsewhere: only an arbiter's own word tells that a cutover is over,
 * and the removal of a thing is advised only where blue proves that nobody is served by it.
 *
 * @param endedByForce id of a cutover of which Temporal itself says that its run ended by force: no worker goes on with that one
 */
export function judgeTraces(look: DatabasesLook, endedByForce?: string): Judgement {
  const blue = 'unreachable' in look.blue ? null : look.blue;
  const arbiter = blue?.arbiter ?? null;
  const cutoverId = arbiter?.cutoverId ?? null;
  const traces = [
    ...sideLines('blue', look.blue),
    ...sideLines('green', look.green),
    ...resourceLines(look, cutoverId),
    ...gatewayLines(look, blue),
    ...look.targetsAway.map(({ name, problem }) => `target ${name}: ${problem}`),
  ];
  if (blue === null) {
    return {
      ...{ cutoverId, traces, phase: "unknown: blue's database does not tell" },
      writes: 'unknown: ask again when blue answers',
      next: ["fix what keeps blue's database from answering, then ask again; change nothing before that"],
    };
  }
  if (arbiter === null) return { traces, ...withoutArbiter(blue, look) };
  if (arbiter.side === 'green') {
    const isOpen = arbiter.state === 'open' && arbiter.epoch > 0;
    return {
      ...{ cutoverId, traces, phase: `unknown: the database reached as blue is green of cutover ${arbiter.cutoverId}` },
      writes: isOpen ? `the database reached as blue, since epoch ${arbiter.epoch}` : 'unknown',
      next: [
        'correct the addresses of both sides: they are crossed, or the config is one from before that cutover',
        ...(isOpen
          ? [
              `if this is the config of a next cutover: that one has to end first, at its gate finalize, or with its own config by \`hydra-cutover repair --cutover-id ${arbiter.cutoverId} --by NAME --finalize\``,
            ]
          : []),
      ],
    };
  }
  return { cutoverId, traces, ...judgeArbiter(arbiter, blue, { ...look, isOver: cutoverId === endedByForce }) };
}

function gatewayLines({ gateways, green }: DatabasesLook, blue: SideTraces | null): readonly string[] {
  const arbiter = blue?.arbiter ?? null;
  const isTaken =
    blue?.finalized === true ||
    (!('unreachable' in green) && green.arbiter !== null && hasTakenWrites(green.arbiter, 'green'));
  const committed = arbiter?.state === 'committed' ? { epoch: arbiter.epoch, isTaken } : null;
  // Only where nothing of ours is there nobody can be a member yet: a role that may not look proves nothing.
  const isUntouched = blue !== null && !leftoversOf(blue).isAny;
  const members = blue?.members ?? (isUntouched ? 'before' : 'unknown');
  return knownGateways(gateways, members, committed).map(gatewayLine);
}

type Verdict = Pick<Judgement, 'phase' | 'writes' | 'next' | 'isFinalized'>;

interface RunLook extends DatabasesLook {
  /** Its run is known to have ended by force. */
  readonly isOver: boolean;
}

function judgeArbiter(arbiter: ArbiterDescription, blue: SideTraces, look: RunLook): Verdict {
  if (arbiter.state === 'committed') return judgeCommitted(arbiter, blue, look);
  const last = arbiter.attempts.at(-1);
  const isAlive = (last?.state === 'holding' || last?.state === 'fenced') && !last.leaseOver;
  const isFenced = arbiter.state === 'fenced' && Date.parse(arbiter.leaseUntil ?? '') > Date.parse(blue.readAt);
  const step = blue.origin?.step;
  const phase =
    arbiter.state === 'removing'
      ? 'its removal from blue has begun: no switchover can begin any more'
      : last === undefined
        ? `before the switchover${step ? `, last step ${step}` : ''}`
        : `switchover: attempt ${last.attempt} for epoch ${last.epoch} is ${last.state}${isAlive ? `, until ${last.leaseUntil}` : ''}`;
  const writes = isFenced
    ? `nobody until ${arbiter.leaseUntil ?? ''} (by that database's clock ${blue.readAt}); then blue again, by itself`
    : 'blue: nothing is refused there';
  return { phase, writes, next: look.isOver ? [takeBack(arbiter)] : beforeCommit(arbiter, blue) };
}

function takeBack({ cutoverId }: ArbiterDescription): string {
  return `\`hydra-cutover repair --cutover-id ${cutoverId} --by NAME\` takes back what it did, without Temporal; blue goes on serving meanwhile`;
}

function beforeCommit(arbiter: ArbiterDescription, { origin }: SideTraces): readonly string[] {
  const where = origin === null ? 'where it was started' : `at ${origin.temporal}`;
  return [
    `if its workflow ${origin?.workflowId ?? ''} is alive ${where}: \`hydra-cutover status\` there; \`hydra-cutover cancel\` takes it back`,
    `if it was terminated, or that Temporal is gone (one that was reset is to be terminated first): ${takeBack(arbiter)}`,
  ];
}

function judgeCommitted(arbiter: ArbiterDescription, { finalized }: SideTraces, look: RunLook): Verdict {
  const { green, isOver } = look;
  const { epoch, cutoverId } = arbiter;
  const moved = `the writes left blue with epoch ${epoch}, for good`;
  const repair = `\`hydra-cutover repair --cutover-id ${cutoverId} --by NAME\``;
  const finish = `${repair} finishes the switchover${isOver ? '; no worker does, its run was ended' : ', if no worker does'}`;
  const onGreen = 'unreachable' in green ? null : green.arbiter;
  const isItsGreen = onGreen?.side === 'green' && onGreen.cutoverId === cutoverId;
  if (finalized && !isItsGreen) return judgeFinalized(moved, green);
  if ('unreachable' in green) {
    return {
      phase: `after the commit: ${moved}`,
      writes: 'never blue; green, if it was opened: it does not tell',
      next: ["fix what keeps green's database from answering, then ask again", finish],
    };
  }
  if (onGreen === null || !isItsGreen) {
    const seen = onGreen === null ? 'has no arbiter' : `is ${onGreen.side} of cutover ${onGreen.cutoverId}`;
    return {
      phase: `after the commit: ${moved}; blue does not say that it was finalized`,
      writes: 'never blue; whether green is open, another database would have to tell',
      next: [
        `correct green.database, it leads elsewhere: what is reached there ${seen}. Ask again before anything is changed or removed`,
        `then${isOver ? '' : ', if no worker does it'}, finish the switchover: ${repair}`,
      ],
    };
  }
  if (onGreen.state === 'open' && onGreen.epoch >= epoch) {
    return {
      phase: 'after the switchover: validation, bake or finalize',
      writes: `green, since epoch ${onGreen.epoch}`,
      next: [
        ...whoIsAway(look, 'until it answers nobody knows that it serves green'),
        ...(isOver ? [] : ['bring its worker and Temporal back, and the run goes on by itself']),
        `${isOver ? '' : 'if they are gone for good: '}${repair} confirms that gateways and targets serve green; look at what jobs would remove, then the same with --finalize ends it, so that green can be upgraded again`,
      ],
    };
  }
  return {
    phase: `inside the switchover: ${moved}, and green is ${onGreen.state}`,
    writes: 'nobody: clients wait or are refused until green is open',
    next: [
      ...whoIsAway(look, 'NOW: green is opened only once all of them serve it'),
      ...(isOver
        ? [`NOW: ${finish}`]
        : ['if its worker is gone, bring it back NOW: it goes on within seconds', `otherwise: ${finish}`]),
    ],
  };
}

/** With a worker that is up, and a party that is away, only the party keeps the switchover from its end. */
function whoIsAway({ gateways, targetsAway }: DatabasesLook, why: string): readonly string[] {
  const away = [
    ...gateways.flatMap((each) => ('problem' in each ? [{ kind: 'gateway', ...each }] : [])),
    ...targetsAway.map((each) => ({ kind: 'target', ...each })),
  ];
  return away.map(({ kind, name, problem }) => `bring ${kind} ${name} back, ${why} (${problem})`);
}

/** Blue tells that all is over; green's arbiter was the last to go. */
function judgeFinalized(moved: string, green: SideLook): Verdict {
  const onGreen = 'unreachable' in green ? null : green.arbiter;
  const later = onGreen === null ? '' : `; what is reached as green is ${onGreen.side} of cutover ${onGreen.cutoverId}`;
  return {
    isFinalized: true,
    phase: `over: ${moved}, and green is finalized${later}`,
    writes: onGreen === null ? 'green' : `never blue; ask with the config of cutover ${onGreen.cutoverId}`,
    next: [
      "nothing. Blue's guard stays as long as its database exists: remove blue's instance, the one with the arbiter above, when nobody needs it",
    ],
  };
}

function sideLines(side: string, look: SideLook): readonly string[] {
  if ('unreachable' in look) return [`${side}: ${look.unreachable}`];
  const { arbiter, origin, schemas, triggers, roles, changeLog, refused } = look;
  const lines: string[] = [];
  if (arbiter !== null) {
    const { cutoverId, state, epoch, installedAt, guarded, attempts } = arbiter;
    lines.push(
      `arbiter of cutover ${cutoverId} as ${arbiter.side} since ${installedAt}: ${state}, epoch ${epoch}, ${guarded} tables guarded, ${refused ?? 0} writes refused`,
      ...attempts.slice(-3).map((one) => {
        const decided = one.decidedAt === null ? '' : `, decided ${one.decidedAt} by ${one.decidedBy ?? 'nobody'}`;
        return `attempt ${one.attempt}, epoch ${one.epoch}: ${one.state}, lease ${one.leaseOver ? 'over since' : 'until'} ${one.leaseUntil}${decided}`;
      }),
    );
    if (arbiter.side === 'blue') lines.push(tellOrigin(origin ?? undefined));
  }
  if (changeLog !== null) {
    const { undone, oldestUndoneMs, bytes } = changeLog;
    const oldest = oldestUndoneMs === null ? '' : `, the oldest for ${Math.round(oldestUndoneMs / 1_000)} s`;
    lines.push(
      `change log: ${undone} changes wait to be carried${oldest}; it takes ${(bytes / 1_000_000).toFixed(1)} MB`,
    );
  }
  if (schemas.length > 0) lines.push(`schemas ${schemas.map(({ name, owner }) => `${name} (${owner})`).join(', ')}`);
  if (triggers > 0) lines.push(`${triggers} triggers on Hydra's tables`);
  if (roles.length > 0) lines.push(`roles ${roles.join(', ')}`);
  return (lines.length === 0 ? ['nothing of ours'] : lines).map((line) => `${side}: ${line}`);
}

function resourceLines({ instance, snapshot }: DatabasesLook, cutoverId: string | null): readonly string[] {
  const line = (kind: string, look: ResourceLook): string => {
    if (look === null) return `RDS: no ${kind}`;
    if ('unreachable' in look) return `RDS: ${kind} unknown: ${look.unreachable}`;
    const owner = look.tags[CUTOVER_TAG];
    const whose =
      owner === undefined ? 'not made by a cutover' : owner === cutoverId ? 'of this cutover' : `of cutover ${owner}`;
    return `RDS: ${kind} ${look.id} is ${look.status}, ${whose}`;
  };
  return [line('instance', instance), ...(cutoverId === null ? [] : [line('snapshot', snapshot)])];
}
