import { hostname } from 'node:os';
import { type PostgresLogin } from '../../adapters/postgres/open-connection';
import { type FindAttempt } from '../core/arbiter-lookout';
import { nodeClock } from './clock';
import { type DoubtAnswer, type ResolveDoubt } from '../core/doubt';
import { type GatewayController } from '../core/gateway-controller';
import { Membership } from '../core/membership';
import { knowsNoMembers, MemberSession } from './member-session';
import { type GatewayMetrics } from './metrics';

export interface Joined {
  readonly id: string;
  readonly membership: Membership;
  /** Asks only once this gateway is counted, by itself or among those for whom there is no room: what it forwards after "aborted" is known to every fence. */
  readonly resolveDoubt: ResolveDoubt;
  /** In the session in which it beats: all gateways ask while readers share their processors with that, and a new session costs the most. */
  readonly findAttempt: FindAttempt;
  /** After the last request. */
  leave(): Promise<void>;
}

export interface JoinOptions {
  /** Whose arbiter it is a member of. */
  readonly memberAt: PostgresLogin;
  /** Of this gateway, through restarts. */
  readonly id: string;
  readonly timeoutMs: number;
  readonly resolveDoubt: ResolveDoubt;
  /** Where the session in which it beats gives no answer. */
  readonly findAttempt: FindAttempt;
  readonly controller: () => GatewayController;
  readonly metrics: GatewayMetrics;
}

/** A member of the arbiter of the side that would be left: its fence counts it. */
export function createMembership(options: JoinOptions): Joined {
  const { id, memberAt, timeoutMs, controller, metrics } = options;
  const name = `${hostname()}/${id.slice(0, 8)}`;
  const session = new MemberSession({ login: memberAt, member: id, name, timeoutMs });
  let last: 'ok' | 'no_room' | 'refused' | 'failed' | 'none' = 'none';
  const membership = new Membership({
    clock: nodeClock,
    beat: async (leaseMs, knownEpoch) => {
      try {
        const answer = await session.beat({ leaseMs, knownEpoch, movedEpoch: controller().known.moved });
        // With no attempt under way everybody is let in for whom there is room.
        last = answer.admitted ? 'ok' : answer.living === null ? 'no_room' : 'refused';
        return answer;
      } catch (error) {
        last = knowsNoMembers(error) ? 'none' : 'failed';
        throw error;
      }
    },
    knows: () => controller().known,
    onLapsed: () => controller().lapse(),
    onLate: () => controller().noteLapse(),
    onCommitted: (epoch) => controller().learnCommitted(epoch),
    onBeat: (outcome) => metrics.beats.inc({ outcome: last === 'none' ? 'none' : outcome }),
  });
  return {
    id,
    membership,
    resolveDoubt: async (question): Promise<DoubtAnswer> => {
      // The first question is asked while the controller is being made: a beat has to know it.
      await Promise.resolve();
      await membership.beatNow();
      const answer = await options.resolveDoubt(question);
      const isCounted = last === 'ok' || last === 'no_room' || last === 'none';
      return answer.verdict === 'aborted' && question.epoch === null && !isCounted ? { verdict: 'unknown' } : answer;
    },
    findAttempt: (epoch) => session.prepares(epoch).catch(() => options.findAttempt(epoch)),
    leave: async () => {
      membership.stop();
      if (last === 'ok' || last === 'refused') await session.leave().catch(() => undefined);
      await session.close();
    },
  };
}
