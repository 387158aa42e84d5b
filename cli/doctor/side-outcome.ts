import { type SideName } from '../../config/schema';
import { fail, info, type CheckOutcome } from './check';

/** Green does not exist before the upgrade made it; blue must. */
export function absent(side: SideName, what: string, fix: string): CheckOutcome {
  return side === 'green' ? info(`${what}; fine before the upgrade, which creates green`) : fail(what, fix);
}
