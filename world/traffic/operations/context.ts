import { type LoginAppFor } from '../http/login-pages';
import { type Answer } from '../http/answer';
import { type HydraApi } from '../http/hydra-api';
import { type PromiseEvent } from '../oracle/events';
import { type FindingClass, type FindingName } from '../oracle/fact-kinds';
import { type Finding } from '../oracle/verdict';
import { type SeenValues } from '../oracle/values';
import { type Actor } from '../population/actor';
import { type SharedClients } from '../population/shared-clients';
import { type Outcome, type Recorder } from '../recording/recorder';
import { type SigningKeys } from '../http/signing-keys';
import { type Dependents } from '../http/dependents';

/** How one operation ended. `nothing`: what it needs is not there now. */
export type OperationResult = Outcome | 'nothing';

/** What operations work with. Built once for the traffic and once for checks, which do not count as traffic. */
export interface OperationTools {
  readonly api: HydraApi;
  readonly loginApp: LoginAppFor;
  readonly shared: SharedClients;
  readonly keys: SigningKeys;
  readonly values: SeenValues;
  readonly dependents: Dependents | undefined;
  readonly recorder: Recorder;
  /** A broken promise that was seen in passing. */
  readonly witness: (finding: Finding) => void;
}

/** One operation at work. */
export class OperationContext {
  constructor(
    readonly name: string,
    readonly actor: Actor,
    readonly tools: OperationTools,
  ) {}

  /** Books what the answer to a write promises: it holds, it may hold, or nothing changed. */
  settle(answer: Answer<unknown>, ...events: readonly PromiseEvent[]): Outcome {
    if (answer.kind === 'ok') {
      this.confirm(...events);
      return 'ok';
    }
    if (answer.kind === 'lost') for (const event of events) this.actor.ledger.applyUncertain(event, Date.now());
    return this.fail(answer);
  }

  confirm(...events: readonly PromiseEvent[]): void {
    for (const event of events) this.actor.ledger.apply(event, Date.now());
    if (events.length > 0) this.tools.recorder.write();
  }

  /** An answer that a conforming client did not deserve. */
  fail(answer: Exclude<Answer<unknown>, { kind: 'ok' }>): Outcome {
    this.tools.recorder.failure({
      at: new Date().toISOString(),
      operation: this.name,
      outcome: answer.kind,
      reason: answer.reason,
    });
    return answer.kind;
  }

  /** @param id hashed @param key of the fact that was broken, if it is one */
  witness(name: FindingName, findingClass: FindingClass, id: string, key?: string): void {
    const fact = key === undefined ? undefined : this.actor.ledger.get(key);
    this.tools.witness({
      name,
      class: findingClass,
      id,
      cause: fact?.cause ?? this.name,
      promisedAt: new Date(fact?.sinceMs ?? Date.now()).toISOString(),
      observedAt: new Date().toISOString(),
    });
  }
}
