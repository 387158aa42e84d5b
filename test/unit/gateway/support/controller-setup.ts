import { type FindAttempt } from '../../../../gateway/core/arbiter-lookout';
import {
  type ConfirmCommitted,
  type DoubtAnswer,
  type ResolveDoubt,
  type Verdict,
} from '../../../../gateway/core/doubt';
import { type ControllerEvent, type ControllerSettings } from '../../../../gateway/core/controller-deps';
import { GatewayController } from '../../../../gateway/core/gateway-controller';
import { type GatewayRecord } from '../../../../gateway/core/gateway-record';
import { type GatewayState, type Side } from '../../../../gateway/core/gateway-state';
import { type Parked } from '../../../../gateway/core/hold-queue';
import { FORWARD } from '../../../../domain/sides';
import { initialTargetRecord } from '../../../../domain/target';
import { ManualClock } from './manual-clock';

export const BLUE: GatewayState = { mode: 'pass', weights: { blue: 1, green: 0 } };
export const GREEN: GatewayState = { mode: 'pass', weights: { blue: 0, green: 1 } };
const SETTINGS: ControllerSettings = {
  maxParked: 1_000,
  maxParkedBytes: 1_000_000,
  maxParkedMs: 60_000,
  releaseAtOnce: 1_000,
  maxDeadlineMs: 10_000,
  drainTimeoutMs: 2_000,
  doubtRetryMs: 1_000,
  doubtTimeoutMs: 500,
  askOnStart: false,
};

const UNKNOWN: DoubtAnswer = { verdict: 'unknown' };
/** What whoever is asked about `epoch` answers. */
export const answered = (verdict: Verdict, epoch: number): DoubtAnswer =>
  verdict === 'committed' ? { verdict, epoch, side: 'green' } : { verdict };

export class Disk {
  content: GatewayRecord = { target: initialTargetRecord(BLUE), hold: null };
  failing = false;
  writes = 0;

  persist = async (record: GatewayRecord): Promise<void> => {
    await Promise.resolve();
    if (this.failing) throw new Error('disk full');
    this.writes += 1;
    this.content = JSON.parse(JSON.stringify(record)) as GatewayRecord;
  };
}

interface Setup {
  readonly settings?: Partial<ControllerSettings>;
  readonly disk?: Disk;
  readonly resolveDoubt?: ResolveDoubt;
  readonly findAttempt?: FindAttempt;
  readonly confirmCommitted?: ConfirmCommitted;
  readonly isLapsed?: () => boolean;
}

export function setUp(setup: Setup = {}) {
  const {
    settings,
    disk = new Disk(),
    resolveDoubt = async () => UNKNOWN,
    findAttempt,
    confirmCommitted,
    isLapsed,
  } = setup;
  const clock = new ManualClock();
  const events: ControllerEvent[] = [];
  const controller = new GatewayController(disk.content, {
    direction: FORWARD,
    persist: disk.persist,
    clock,
    resolveDoubt,
    findAttempt,
    confirmCommitted,
    isLapsed,
    settings: { ...SETTINGS, ...settings },
    onEvent: (event) => events.push(event),
  });
  return { clock, events, controller, disk };
}

/** A request that notes what became of it. */
export function request(log: string[], name: string): Parked {
  return {
    kind: 'write',
    proceed: (side: Side) => log.push(`${name}→${side}`),
    refuse: (why) => log.push(`${name}✗${why}`),
  };
}
