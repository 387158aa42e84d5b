import { CUTOVER_TAG, COPY_MARK, COPY_RESTORED } from '../../domain/ports/database-provider';
import { type Direction, type SideName } from '../../domain/sides';
import { type ArbiterDescription } from '../arbiter';
import { type DatabasesLook, type Judgement, type ResourceLook } from './databases-look';
import { leftoversOf, type SideTraces } from './read-traces';

type Verdict = Omit<Judgement, 'traces'>;

/**
 * What may be said where the database reached as the source has no arbiter. That alone says nothing: it may be another database, a copy
 * from before the cutover, or the one that serves since an earlier one. So the target and its instance are asked as well.
 */
export function withoutArbiter(source: SideTraces, { direction, target, instance }: DatabasesLook): Verdict {
  const { from, to } = direction;
  const onTarget = 'unreachable' in target ? null : target.arbiter;
  if (onTarget?.side === from) return targetIsSource(direction, onTarget);
  if (onTarget !== null) return targetOfUnknownSource(direction, onTarget);
  const left = leftOnSource(from, source);
  const used = usedInstance(direction, instance);
  const phase =
    left.length > 0
      ? 'no cutover holds this database, but something of ours is left on it'
      : 'no cutover holds this database';
  const writes = `${from}, as far as we are concerned: nothing of ours refuses anything there`;
  if (used === null) return { cutoverId: null, phase, writes, next: left.length > 0 ? left : ['nothing'] };
  return {
    cutoverId: null,
    phase: `${phase}; ${used.seen}`,
    writes: used.mayServe
      ? `unknown: nothing of ours refuses writes on ${from}, and the instance of ${to} may serve`
      : writes,
    next: [...left, used.next],
  };
}

function targetIsSource({ from, to }: Direction, { cutoverId, state, epoch }: ArbiterDescription): Verdict {
  const isLeft = state === 'committed';
  return {
    cutoverId,
    phase: `unknown: the database reached as ${to} is ${from} of cutover ${cutoverId}, ${isLeft ? `which the writes left with epoch ${epoch}, for good` : state}`,
    writes: isLeft
      ? `never the database reached as ${to}; the one reached as ${from}, if it is the ${to} of that cutover`
      : 'unknown',
    next: [
      `correct the addresses of both sides: they are crossed, unless this config is the one of a next cutover; then ${to}.rdsInstanceId names an instance that is there already`,
      'remove nothing on the word of this config: ask with the config of that cutover first',
    ],
  };
}

function targetOfUnknownSource({ from, to }: Direction, { cutoverId, state, epoch }: ArbiterDescription): Verdict {
  const isOpen = state === 'open' && epoch > 0;
  return {
    cutoverId,
    phase: `unknown: ${to} of cutover ${cutoverId} is ${isOpen ? `open since epoch ${epoch}` : state}, and the database reached as ${from} has no arbiter of that cutover`,
    writes: isOpen
      ? `${to}, since epoch ${epoch}`
      : `unknown: whether the writes left ${from}, only the ${from} of that cutover can tell`,
    next: [
      `correct ${from}.database, then ask again; change and remove nothing before that`,
      `if ${from} was restored from a copy, its writes may be on ${to}: let nothing write to ${from}`,
    ],
  };
}

/** What a removal or a cutover that was cut short left there. */
function leftOnSource(from: SideName, source: SideTraces): string[] {
  const { schemas } = leftoversOf(source);
  const isRaised = schemas.includes('hydra_cutover_lifetimes');
  const isMore = schemas.some((name) => name !== 'hydra_cutover_lifetimes') || source.triggers > 0;
  return [
    ...(isRaised
      ? [
          `token lifetimes on ${from} are raised still: if their run is not alive any more, \`hydra-cutover repair --cutover-id ID --by NAME\` gives them back; ID is that of the run, or any name where Temporal is gone`,
        ]
      : []),
    ...(isMore
      ? [
          'a removal was cut short, or the schema is of somebody else: look at its owner; the next cutover is refused while it is there',
        ]
      : []),
  ];
}

/** An instance that carries a cutover's tag may serve, unless its own mark says that it never was more than a copy. */
function usedInstance(
  { from, to }: Direction,
  instance: ResourceLook,
): { seen: string; mayServe: boolean; next: string } | null {
  if (instance === null || 'unreachable' in instance) return null;
  const owner = instance.tags[CUTOVER_TAG];
  if (owner === undefined) return null;
  if (instance.tags[COPY_MARK] === COPY_RESTORED) {
    return {
      seen: `instance ${instance.id} is a copy that cutover ${owner} never prepared`,
      mayServe: false,
      next: `if Temporal knows no run of cutover ${owner}: \`hydra-cutover repair --cutover-id ${owner} --by NAME\` removes what is its own`,
    };
  }
  return {
    seen: `instance ${instance.id} of cutover ${owner} may serve`,
    mayServe: true,
    next: `correct ${from}.database and ${to}.database if cutover ${owner} is not over; look which database the clients' Hydra uses before anybody removes instance ${instance.id}`,
  };
}
