import { type ApiGeneration } from '../../hydra/versions';
import { type ListenerName } from './feature';
import { type Side } from './gateway-state';
import { type KeyTrials } from './key-trials';
import { type OAuthAnswerReader } from './oauth-answer';
import { type RequestHead, wholeBodyHeaders } from './request-head';
import { type Shadow } from './shadow';
import { suspicionOf, type Suspicion } from './sightings';
import { isWrite } from './write-rates';

/** A request that goes to a side. */
export interface WatchedRequest {
  readonly listener: ListenerName;
  readonly side: Side;
  readonly head: RequestHead;
  readonly body: Uint8Array | undefined;
  /** Of what the side will say. */
  readonly reader: OAuthAnswerReader;
}

export interface Watched {
  /** Its answer has ended. */
  answered(answer: OAuthAnswerReader, durationMs: number): void;
}

/** Where what was seen is kept. */
export interface SeenRequests {
  wrote(): void;
  saw(suspicion: Suspicion): void;
}

/** Looks at what passes, and keeps no request waiting. */
export class Observer {
  constructor(
    private readonly observations: SeenRequests,
    private readonly generations: Readonly<Record<Side, ApiGeneration>>,
    private readonly shadow: Shadow,
    private readonly keys: KeyTrials,
  ) {}

  watch(request: WatchedRequest): Watched | undefined {
    const { listener, side, head, reader } = request;
    if (isWrite(listener, head.method, reader.question.endpoint, head.target)) this.observations.wrote();
    if (side !== 'blue') return undefined;
    const suspicion = this.isUpgrade ? suspicionIn(request) : undefined;
    const shadowed = this.shadowed(request);
    const keys = this.keys.areWanted && reader.question.endpoint === 'authorize' ? this.keys : undefined;
    if (suspicion === undefined && shadowed === undefined && keys === undefined) return undefined;
    return {
      answered: ({ status, outcome, allowsOrigin, headers }, durationMs) => {
        keys?.look(headers);
        if (suspicion?.isSo({ status, outcome, allowsOrigin }) === true) this.observations.saw(suspicion);
        shadowed?.(durationMs);
      },
    };
  }

  /** @returns what asks green the same once blue has answered */
  private shadowed({ listener, head, body, reader }: WatchedRequest): ((blueMs: number) => void) | undefined {
    const { method, target, headers, hasHost } = head;
    const question = this.shadow.wants(listener, method, target);
    if (question === undefined || !hasHost || (head.body !== 'none' && body === undefined)) return undefined;
    reader.keep();
    // Taken now: what is done to the headers on their way to blue is not for green.
    const same = { listener, method, target, headers: wholeBodyHeaders(headers, body?.length), body };
    return (blueMs) => {
      const text = reader.body;
      if (text !== undefined) this.shadow.answered(question, same, { status: reader.status, body: text }, blueMs);
    };
  }

  /** What differs is known of a 1.x that a 2.x is to replace. */
  private get isUpgrade(): boolean {
    return this.generations.blue === 1 && this.generations.green === 2;
  }
}

function suspicionIn({ listener, head, body, reader }: WatchedRequest): Suspicion | undefined {
  const { method, target, headers, clientAddress } = head;
  const { grant } = reader.question;
  return suspicionOf({ listener, method, target, grant, rawHeaders: headers, body, caller: clientAddress });
}
