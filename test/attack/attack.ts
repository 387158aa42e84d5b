import { type Attacker } from './battlefield';
import { type Battle } from './battle';

export interface Attack {
  /** What somebody tries to get. */
  readonly title: string;
  readonly as: Attacker;
  /** Tried with every run of the tests, not by `npm run attack` alone. */
  readonly isInEverySuite?: boolean;
  /** @default a blue with the capture */
  readonly template?: 'blue' | 'untouched';
  /**
   * Tries it. Whether planted code ran or objects of ours were changed is looked at afterwards for every attack.
   *
   * @returns where it is seen that somebody tried @throws AttackSucceeded
   */
  readonly run: (battle: Battle) => Promise<string>;
}
