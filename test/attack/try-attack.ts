import { type Attack } from './attack';
import { type Battlefield } from './battlefield';

export interface AttackResult {
  readonly attack: Attack;
  /** Where it is seen that somebody tried; null when the attack succeeded, or could not be tried. */
  readonly seen: string | null;
  readonly problem: string | null;
}

/** Tries one attack on a copy of its own. Never rejects. */
export async function tryAttack(field: Battlefield, attack: Attack): Promise<AttackResult> {
  try {
    const battle = await field.battle(attack.template);
    try {
      const seen = await attack.run(battle);
      await battle.assertHeld();
      return { attack, seen, problem: null };
    } finally {
      await battle.end();
    }
  } catch (error) {
    return {
      attack,
      seen: null,
      problem: error instanceof Error ? `${error.constructor.name}: ${error.message}` : String(error),
    };
  }
}
