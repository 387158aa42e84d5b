import { type OAuthOutcome } from '../../domain/oauth-answers';
import { type HydraAge } from '../../domain/in-place/ages';
import { type ListenerName } from '../core/feature';
import { type Side } from '../core/gateway-state';
import { type RequestKind } from '../core/hold-queue';
import { type OAuthQuestion } from '../core/oauth-answer';

/** What was asked of a side and what it said. */
export type OAuthAnswer = OAuthQuestion & { readonly outcome: OAuthOutcome };

/** How a request of a client ended. */
export interface ExchangeReport {
  readonly listener: ListenerName;
  readonly side: Side | undefined;
  /** Where the side has two Hydras: which one was asked, and what. */
  readonly beside: (OAuthQuestion & { readonly hydra: HydraAge }) | undefined;
  readonly method: string;
  readonly path: string;
  readonly client: string;
  readonly requestId: string | undefined;
  readonly kind: RequestKind;
  /** 499 when the client left before an answer began. */
  readonly status: number;
  /** The client got everything. */
  readonly complete: boolean;
  readonly durationMs: number;
  readonly parkedMs: number;
  readonly sentBytes: number;
  /** What was asked of the side and what it said, once it has answered in full. */
  readonly answer: OAuthAnswer | undefined;
}
