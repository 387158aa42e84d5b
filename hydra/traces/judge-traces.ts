import { gatewayLine } from '../../domain/evidence/gateways-block';
import { knownGateways } from '../../domain/known-gateways';
import { CUTOVER_TAG } from '../../domain/ports/database-provider';
import { type Direction, type SideName } from '../../domain/sides';
import { type ArbiterDescription, hasTakenWrites, tellOrigin } from '../arbiter';
import { type DatabasesLook, type Judgement, type ResourceLook, type SideLook } from './databases-look';
import { leftoversOf, type SideTraces } from './read-traces';
import { withoutArbiter } from './without-arbiter';

/**
 * What the databases alone say of a cutover, for people. Pure.
 *
 * What is not there proves nothing, since an address may lead elsewhere: only an arbiter's own word tells that a cutover is over,
 * and the removal of a thing is advised only where the source proves that nobody is served by it.
 *
 * @param endedByForce id of a cutover of which Temporal itself says that its run ended by force: no worker goes on with that one
 */
export function judgeTraces(look: DatabasesLook, endedByForce?: string): Judgement {
  const { from, to } = look.direction;
  const source = 'unreachable' in look.source ? null : look.source;
  const arbiter = source?.arbiter ?? null;
  const cutoverId = arbiter?.cutoverId ?? null;
  const traces = [
    ...sideLines(look.direction, from, look.source),
    ...sideLines(look.direction, to, look.target),
    ...resourceLines(look, cutoverId),
    ...gatewayLines(look, source),
    ...look.targetsAway.map(({ name, problem }) => `target ${name}: ${problem}`),
  ];
  if (source === null) {
    return {
      ...{ cutoverId, traces, phase: `unknown: ${from}'s database does not tell` },
      writes: `unknown: ask again when ${from} answers`,
      next: [`fix what keeps ${from}'s database from answering, then ask again; change nothing before that`],
    };
  }
  if (arbiter === null) return { traces, ...withoutArbiter(source, look) };
  if (arbiter.side === to) {
    const isOpen = arbiter.state === 'open' && arbiter.epoch > 0;
    return {
      ...{
        cutoverId,
        traces,
        phase: `unknown: the database reached as ${from} is ${to} of cutover ${arbiter.cutoverId}`,
      },
      writes: isOpen ? `the database reached as ${from}, since epoch ${arbiter.epoch}` : 'unknown',
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
  return { cutoverId, traces, ...judgeArbiter(arbiter, source, { ...look, isOver: cutoverId === endedByForce }) };
}

function gatewayLines(
  { direction: { to }, gateways, target }: DatabasesLook,
  source: SideTraces | null,
): readonly string[] {
  const arbiter = source?.arbiter ?? null;
  const isTaken =
    source?.finalized === true ||
    (!('unreachable' in target) && target.arbiter !== null && hasTakenWrites(target.arbiter, to));
  const committed = arbiter?.state === 'committed' ? { epoch: arbiter.epoch, isTaken } : null;
  // Only where nothing of ours is there nobody can be a member yet: a role that may not look proves nothing.
  const isUntouched = source !== null && !leftoversOf(source).isAny;
  const members = source?.members ?? (isUntouched ? 'before' : 'unknown');
  return knownGateways(gateways, members, committed).map(gatewayLine);
}

type Verdict = Pick<Judgement, 'phase' | 'writes' | 'next' | 'isFinalized'>;

interface RunLook extends DatabasesLook {
  /** Its run is known to have ended by force. */
  readonly isOver: boolean;
}

function judgeArbiter(arbiter: ArbiterDescription, source: SideTraces, look: RunLook): Verdict {
  if (arbiter.state === 'committed') return judgeCommitted(arbiter, source, look);
  const { from } = look.direction;
  const last = arbiter.attempts.at(-1);
  const isAlive = (last?.state === 'holding' || last?.state === 'fenced') && !last.leaseOver;
  const isFenced = arbiter.state === 'fenced' && Date.parse(arbiter.leaseUntil ?? '') > Date.parse(source.readAt);
  const step = source.origin?.step;
  const phase =
    arbiter.state === 'removing'
      ? `its removal from ${from} has begun: no switchover can begin any more`
      : last === undefined
        ? `before the switchover${step ? `, last step ${step}` : ''}`
        : `switchover: attempt ${last.attempt} for epoch ${last.epoch} is ${last.state}${isAlive ? `, until ${last.leaseUntil}` : ''}`;
  const writes = isFenced
    ? `nobody until ${arbiter.leaseUntil ?? ''} (by that database's clock ${source.readAt}); then ${from} again, by itself`
    : `${from}: nothing is refused there`;
  return { phase, writes, next: look.isOver ? [takeBack(from, arbiter)] : beforeCommit(from, arbiter, source) };
}

function takeBack(from: SideName, { cutoverId }: ArbiterDescription): string {
  return `\`hydra-cutover repair --cutover-id ${cutoverId} --by NAME\` takes back what it did, without Temporal; ${from} goes on serving meanwhile`;
}

function beforeCommit(from: SideName, arbiter: ArbiterDescription, { origin }: SideTraces): readonly string[] {
  const where = origin === null ? 'where it was started' : `at ${origin.temporal}`;
  return [
    `if its workflow ${origin?.workflowId ?? ''} is alive ${where}: \`hydra-cutover status\` there; \`hydra-cutover cancel\` takes it back`,
    `if it was terminated, or that Temporal is gone (one that was reset is to be terminated first): ${takeBack(from, arbiter)}`,
  ];
}

function judgeCommitted(arbiter: ArbiterDescription, { finalized }: SideTraces, look: RunLook): Verdict {
  const { target, isOver } = look;
  const { from, to } = look.direction;
  const { epoch, cutoverId } = arbiter;
  const moved = `the writes left ${from} with epoch ${epoch}, for good`;
  const repair = `\`hydra-cutover repair --cutover-id ${cutoverId} --by NAME\``;
  const finish = `${repair} finishes the switchover${isOver ? '; no worker does, its run was ended' : ', if no worker does'}`;
  const onTarget = 'unreachable' in target ? null : target.arbiter;
  const isItsTarget = onTarget?.side === to && onTarget.cutoverId === cutoverId;
  if (finalized && !isItsTarget) return judgeFinalized(look.direction, moved, target);
  if ('unreachable' in target) {
    return {
      phase: `after the commit: ${moved}`,
      writes: `never ${from}; ${to}, if it was opened: it does not tell`,
      next: [`fix what keeps ${to}'s database from answering, then ask again`, finish],
    };
  }
  if (onTarget === null || !isItsTarget) {
    const seen = onTarget === null ? 'has no arbiter' : `is ${onTarget.side} of cutover ${onTarget.cutoverId}`;
    return {
      phase: `after the commit: ${moved}; ${from} does not say that it was finalized`,
      writes: `never ${from}; whether ${to} is open, another database would have to tell`,
      next: [
        `correct ${to}.database, it leads elsewhere: what is reached there ${seen}. Ask again before anything is changed or removed`,
        `then${isOver ? '' : ', if no worker does it'}, finish the switchover: ${repair}`,
      ],
    };
  }
  if (onTarget.state === 'open' && onTarget.epoch >= epoch) {
    return {
      phase: 'after the switchover: validation, bake or finalize',
      writes: `${to}, since epoch ${onTarget.epoch}`,
      next: [
        ...whoIsAway(look, `until it answers nobody knows that it serves ${to}`),
        ...(isOver ? [] : ['bring its worker and Temporal back, and the run goes on by itself']),
        `${isOver ? '' : 'if they are gone for good: '}${repair} confirms that gateways and targets serve ${to}; look at what jobs would remove, then the same with --finalize ends it, so that ${to} can be upgraded again`,
      ],
    };
  }
  return {
    phase: `inside the switchover: ${moved}, and ${to} is ${onTarget.state}`,
    writes: `nobody: clients wait or are refused until ${to} is open`,
    next: [
      ...whoIsAway(look, `NOW: ${to} is opened only once all of them serve it`),
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

/** The source tells that all is over; the target's arbiter was the last to go. */
function judgeFinalized({ from, to }: Direction, moved: string, target: SideLook): Verdict {
  const onTarget = 'unreachable' in target ? null : target.arbiter;
  const later =
    onTarget === null ? '' : `; what is reached as ${to} is ${onTarget.side} of cutover ${onTarget.cutoverId}`;
  return {
    isFinalized: true,
    phase: `over: ${moved}, and ${to} is finalized${later}`,
    writes: onTarget === null ? to : `never ${from}; ask with the config of cutover ${onTarget.cutoverId}`,
    next: [
      `nothing. The guard of ${from} stays as long as its database exists: remove ${from}'s instance, the one with the arbiter above, when nobody needs it`,
    ],
  };
}

function sideLines({ from }: Direction, side: SideName, look: SideLook): readonly string[] {
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
    if (arbiter.side === from) lines.push(tellOrigin(origin ?? undefined));
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
