import { z } from 'zod';
import { CutoverFault } from '../../domain/faults';
import {
  type Gateway,
  type GatewayObservations,
  type GatewayTraffic,
  type GatewayView,
  KEY_VERDICTS,
  type StaleChallenge,
  type WarmUp,
} from '../../domain/ports/targets';
import { type SideName } from '../../domain/sides';
import { type ShadowOrder, type ShadowView } from '../../domain/shadow';
import { SIGHTING_KINDS, type SightingKind } from '../../domain/sightings';
import { type ControlAddress, type ControlCall } from '../control/control-client';
import { parseGatewayTraffic } from '../metrics';
import { HttpTarget } from '../target-http/http-target';

/** All of one side; weights between the two are for other purposes than a cutover. */
const STATES = {
  blue: { mode: 'pass', weights: { blue: 1, green: 0 } },
  green: { mode: 'pass', weights: { blue: 0, green: 1 } },
} as const;

/** A drain may take as long as the gateway's own limit for it. */
const HOLD_TIMEOUT_MS = 60_000;
/** Fewer than the gateway takes in one call, long request URLs included. */
const CHALLENGES_PER_CALL = 500;
const DRAIN_TIMEOUT = 504;

const holdBody = z.object({
  holding: z.literal(true),
  inFlight: z.literal(0),
  parked: z.number(),
  member: z.uuid().nullable().default(null),
});
/** Made ahead, because making one takes longer than using it, and everybody waits meanwhile. */
const READS_BODY: Readonly<Record<SideName, z.ZodType<{ readonly readsAt: SideName | 'nobody' }>>> = {
  blue: z.object({ readsAt: z.enum(['blue', 'nobody']) }),
  green: z.object({ readsAt: z.enum(['green', 'nobody']) }),
};
const busyBody = z.object({ code: z.literal('DRAIN_TIMEOUT'), inFlight: z.number() });
const stateBody = z.object({
  // The first ones did not say.
  protocol: z.number().default(1),
  member: z.object({ id: z.uuid(), isAlive: z.boolean() }).nullable().default(null),
  mode: z.enum(['pass', 'hold', 'in_doubt']),
  epoch: z.number(),
  inFlight: z.number(),
  parked: z.number(),
  ready: z.object({ blue: z.boolean(), green: z.boolean() }),
  features: z.array(z.string()).default([]),
  keys: z.record(z.string(), z.enum(KEY_VERDICTS)).optional(),
  underWay: z.object({ blue: z.number(), green: z.number() }).optional(),
});

const sighting = z.object({
  kind: z.string(),
  who: z.string(),
  what: z.string(),
  count: z.number(),
  firstAt: z.string(),
  lastAt: z.string(),
});
const observationsBody = z.object({
  sightings: z.object({
    since: z.string(),
    sightings: z.array(sighting),
    beyond: z.record(z.string(), z.number()),
  }),
  writes: z.object({
    perSecond: z.number(),
    hours: z.array(z.object({ at: z.string(), writes: z.number(), peakPerSecond: z.number() })),
  }),
});
const besideBody = z.object({ share: z.number(), order: z.number() });
/** What gateways answered before shares were numbered. */
const unorderedBody = z.strictObject({ share: z.number(), ready: z.unknown(), inFlight: z.unknown() });
const keyBody = z.object({ opens: z.boolean().nullable() });
const NOT_FOUND = 404;
const milliseconds = z.number().nullable();
const shadowBody = z.object({
  cutoverId: z.string().nullable(),
  share: z.number(),
  compared: z.number(),
  caughtUp: z.number(),
  waiting: z.number(),
  leftOut: z.number(),
  unanswered: z.number(),
  findings: z.array(
    z.object({
      question: z.string(),
      fields: z.array(z.string()),
      keyHash: z.string(),
      firstAt: z.string(),
      lastAt: z.string(),
      count: z.number(),
    }),
  ),
  furtherFindings: z.number(),
  p95Ms: z.object({ blue: milliseconds, green: milliseconds, greenAtFirst: milliseconds }),
});

const warmUpBody = z.object({ asked: z.number(), answered: z.number() });

/** {@link Gateway} over the control listener of `gateway/`. */
export class HttpGateway extends HttpTarget implements Gateway {
  constructor(address: ControlAddress) {
    super({ ...address, states: STATES });
  }

  async hold(epoch: number, deadlineMs: number): Promise<{ readonly parked: number; readonly member: string | null }> {
    const body = { epoch, deadlineMs, holds: 'writes' };
    const call: ControlCall = { method: 'PUT', path: '/hold', body, timeoutMs: HOLD_TIMEOUT_MS };
    const answer = await this.client.call(call, [DRAIN_TIMEOUT]);
    const busy = busyBody.safeParse(answer.json);
    if (busy.success) {
      const { inFlight } = busy.data;
      throw new CutoverFault(
        'GATEWAY_BUSY',
        `${this.name} still had ${inFlight} writes in flight when its drain time was over (allowed 0); look for slow writes, or raise hold.drainTimeoutMs of the gateway`,
        { name: this.name, inFlight },
      );
    }
    const held = holdBody.safeParse(answer.json);
    if (answer.status !== 200 || !held.success) throw this.client.refusal(call, answer);
    return { parked: held.data.parked, member: held.data.member };
  }

  async moveReads(epoch: number, to: SideName): Promise<void> {
    await this.client.expect({ method: 'PUT', path: '/reads', body: { epoch } }, READS_BODY[to]);
  }

  state(): Promise<GatewayView> {
    return this.client.expect({ method: 'GET', path: '/state' }, stateBody);
  }

  async addStaleChallenges(entries: readonly StaleChallenge[]): Promise<void> {
    for (let from = 0; from < entries.length; from += CHALLENGES_PER_CALL) {
      const page = entries.slice(from, from + CHALLENGES_PER_CALL);
      await this.client.expect({ method: 'PUT', path: '/stale-challenges', body: { entries: page } }, z.unknown());
    }
  }

  async besideShare(): Promise<number | undefined> {
    const call: ControlCall = { method: 'GET', path: '/beside' };
    const answer = await this.client.call(call);
    if (answer.status === NOT_FOUND) return undefined;
    if (answer.status === 200 && unorderedBody.safeParse(answer.json).success) {
      throw new CutoverFault(
        'TARGET_REFUSED',
        `${this.name} keeps no order of the shares that it is told, so that one which comes late could undo a newer one; bring the gateways to the version of the worker first`,
        { name: this.name },
      );
    }
    const body = besideBody.safeParse(answer.json);
    if (answer.status !== 200 || !body.success) throw this.client.refusal(call, answer);
    return body.data.share;
  }

  async setBesideShare(share: number, order: number): Promise<void> {
    await this.client.expect({ method: 'PUT', path: '/beside', body: { share, order } }, besideBody);
  }

  async opensCookie(side: SideName, { name, value }: { name: string; value: string }): Promise<boolean | null> {
    const body = { side, name, value };
    const answer = await this.#unlessOlder({ method: 'POST', path: '/keys/cookie', body }, keyBody);
    return answer === undefined ? null : answer.opens;
  }

  warmUp(side: SideName): Promise<WarmUp | undefined> {
    // The first use of a shape compiles it, which in the pause everybody would wait for.
    for (const shape of [holdBody, busyBody, READS_BODY[side]]) shape.safeParse({});
    return this.#unlessOlder({ method: 'POST', path: '/warm-up', body: { side } }, warmUpBody);
  }

  async traffic(): Promise<GatewayTraffic> {
    const call: ControlCall = { method: 'GET', path: '/metrics' };
    const answer = await this.client.call(call);
    if (answer.status !== 200) throw this.client.refusal(call, answer);
    return parseGatewayTraffic(answer.text);
  }

  async observations(): Promise<GatewayObservations | undefined> {
    const answer = await this.#unlessOlder({ method: 'GET', path: '/observations' }, observationsBody);
    if (answer === undefined) return undefined;
    const { sightings, writes } = answer;
    // What a newer gateway sees besides, this version has no words for.
    const known = sightings.sightings.flatMap((each) => (isKnown(each.kind) ? [{ ...each, kind: each.kind }] : []));
    const beyond = Object.fromEntries(SIGHTING_KINDS.map((kind) => [kind, sightings.beyond[kind] ?? 0]));
    return {
      sightings: { since: sightings.since, sightings: known, beyond: beyond as Record<SightingKind, number> },
      writes,
    };
  }

  shadow(order: ShadowOrder): Promise<ShadowView | undefined> {
    return this.#unlessOlder({ method: 'PUT', path: '/shadow', body: order }, shadowBody);
  }

  shadowed(): Promise<ShadowView | undefined> {
    return this.#unlessOlder({ method: 'GET', path: '/shadow' }, shadowBody);
  }

  /** @returns undefined when the gateway is of a version that does not know the call. @throws CutoverFault as `expect` of the client */
  async #unlessOlder<T>(call: ControlCall, shape: z.ZodType<T>): Promise<T | undefined> {
    const answer = await this.client.call(call);
    if (answer.status === NOT_FOUND) return undefined;
    const body = shape.safeParse(answer.json);
    if (answer.status !== 200 || !body.success) throw this.client.refusal(call, answer);
    return body.data;
  }
}

function isKnown(kind: string): kind is SightingKind {
  return SIGHTING_KINDS.some((known) => known === kind);
}
