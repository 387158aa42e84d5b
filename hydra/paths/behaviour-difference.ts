import { type SightingKind } from '../../domain/sightings';

interface ToRequests {
  /** Method and path, admin paths without a prefix; `*` stands for anything. */
  readonly request: string;
  /** In words. */
  readonly when: string;
  /** Only those with one of these in the query. */
  readonly asking?: readonly string[];
  /** What the two answer. @default the same */
  readonly statuses?: readonly [source: number, target: number] | 'any';
  /** Which parts of the answers differ, with what lies below them: `headers.x`, `location`, `body.x`. */
  readonly parts: readonly string[];
}

/** In what one version of Hydra behaves otherwise than another one to the same requests, whatever is in its database. */
export type BehaviourDifference = ToRequests &
  (
    | {
        /** It may harm: the gateway counts who meets it. */
        readonly seenAs: SightingKind;
      }
    | {
        /** Why it harms nobody. */
        readonly harmless: string;
      }
  );
