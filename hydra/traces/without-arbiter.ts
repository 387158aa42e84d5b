import { CUTOVER_TAG, COPY_MARK, COPY_RESTORED } from '../../domain/ports/database-provider';
import { type ArbiterDescription } from '../arbiter';
import { type DatabasesLook, type Judgement, type ResourceLook } from './databases-look';
import { leftoversOf, type SideTraces } from './read-traces';

type Verdict = Omit<Judgement, 'traces'>;

/**
 * What may be said where the database reached as blue has no arbiter. That alone says nothing: it may be another database, a copy
 * from before the cutover, or the one that serves since an earlier one. So green and its instance are asked as well.
 */
export function withoutArbiter(blue: SideTraces, { green, instance }: DatabasesLook): Verdict {
  const onGreen = 'unreachable' in green ? null : green.arbiter;
  if (onGreen?.side === 'blue') return greenIsBlue(onGreen);
  if (onGreen !== null) return greenOfUnknownBlue(onGreen);
  const left = leftOnBlue(blue);
  const used = usedInstance(instance);
  const phase =
    left.length > 0
      ? 'no cutover holds this database, but something of ours is left on it'
      : 'no cutover holds this database';
  const writes = 'blue, as far as we are concerned: nothing of ours refuses anything there';
  if (used === null) return { cutoverId: null, phase, writes, next: left.length > 0 ? left : ['nothing'] };
  return {
    cutoverId: null,
    phase: `${phase}; ${used.seen}`,
    writes: used.mayServe
      ? 'unknown: nothing of ours refuses writes on blue, and the instance of green may serve'
      : writes,
    next: [...left, used.next],
  };
}

function greenIsBlue({ cutoverId, state, epoch }: ArbiterDescription): Verdict {
  const isLeft = state === 'committed';
  return {
    cutoverId,
    phase: `unknown: the database reached as green is blue of cutover ${cutoverId}, ${isLeft ? `which the writes left with epoch ${epoch}, for good` : state}`,
    writes: isLeft
      ? 'never the database reached as green; the one reached as blue, if it is the green of that cutover'
      : 'unknown',
    next: [
      'correct the addresses of both sides: they are crossed, unless this config is the one of a next cutover; then green.rdsInstanceId names an instance that is there already',
      'remove nothing on the word of this config: ask with the config of that cutover first',
    ],
  };
}

function greenOfUnknownBlue({ cutoverId, state, epoch }: ArbiterDescription): Verdict {
  const isOpen = state === 'open' && epoch > 0;
  return {
    cutoverId,
    phase: `unknown: green of cutover ${cutoverId} is ${isOpen ? `open since epoch ${epoch}` : state}, and the database reached as blue has no arbiter of that cutover`,
    writes: isOpen
      ? `green, since epoch ${epoch}`
      : 'unknown: whether the writes left blue, only the blue of that cutover can tell',
    next: [
      'correct blue.database, then ask again; change and remove nothing before that',
      'if blue was restored from a copy, its writes may be on green: let nothing write to blue',
    ],
  };
}

/** What a removal or a cutover that was cut short left there. */
function leftOnBlue(blue: SideTraces): string[] {
  const { schemas } = leftoversOf(blue);
  const isRaised = schemas.includes('hydra_cutover_lifetimes');
  const isMore = schemas.some((name) => name !== 'hydra_cutover_lifetimes') || blue.triggers > 0;
  return [
    ...(isRaised
      ? [
          'token lifetimes on blue are raised still: if their run is not alive any more, `hydra-cutover repair --cutover-id ID --by NAME` gives them back; ID is that of the run, or any name where Temporal is gone',
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
function usedInstance(instance: ResourceLook): { seen: string; mayServe: boolean; next: string } | null {
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
    next: `correct blue.database and green.database if cutover ${owner} is not over; look which database the clients' Hydra uses before anybody removes instance ${instance.id}`,
  };
}
