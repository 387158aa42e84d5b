import { type ApiGeneration } from '../../hydra/versions';
import { type ListenerName } from '../core/feature';
import { type Side } from '../core/gateway-state';
import { type OAuthAnswerReader, type OAuthQuestion } from '../core/oauth-answer';
import { type RequestHead } from '../core/request-head';
import { suspicionOf, type Suspicion } from '../core/sightings';
import { isWrite } from '../core/write-rates';
import { type Observations } from './observations';

/** A request that goes to a side. */
export interface WatchedRequest {
  readonly listener: ListenerName;
  readonly side: Side;
  readonly head: RequestHead;
  readonly body: Uint8Array | undefined;
  readonly question: OAuthQuestion;
}

export interface Watched {
  /** Its answer has ended. */
  answered(answer: OAuthAnswerReader): void;
}

/** Looks at what passes, and keeps no request waiting. */
export class Observer {
  constructor(
    private readonly observations: Observations,
    private readonly generations: Readonly<Record<Side, ApiGeneration>>,
  ) {}

  watch({ listener, side, head, body, question }: WatchedRequest): Watched | undefined {
    if (isWrite(listener, head.method, question.endpoint)) this.observations.wrote();
    const suspicion = this.isUpgrade(side) ? suspicionIn(listener, head, body) : undefined;
    if (suspicion === undefined) return undefined;
    return {
      answered: ({ status, outcome, allowsOrigin }) => {
        if (suspicion.isSo({ status, outcome, allowsOrigin })) this.observations.saw(suspicion);
      },
    };
  }

  /** What differs is known of a 1.x that a 2.x is to replace. */
  private isUpgrade(side: Side): boolean {
    return side === 'blue' && this.generations.blue === 1 && this.generations.green === 2;
  }
}

function suspicionIn(listener: ListenerName, head: RequestHead, body: Uint8Array | undefined): Suspicion | undefined {
  const { method, target, headers, clientAddress } = head;
  return suspicionOf({ listener, method, target, rawHeaders: headers, body, caller: clientAddress });
}
