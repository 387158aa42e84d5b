import { exploreSwitchover, type ModelLimits } from './explore';
import { LARGE_SPACES, SMALL_SPACES } from './limits';
import { BACKWARD_RULES, PRODUCTION_RULES } from './rules';

const SPACES: Readonly<Record<string, ModelLimits>> = { ...SMALL_SPACES, ...LARGE_SPACES };

const BACKWARD = '--backward';

/**
 * `npm run model [-- [--backward] NAME]`: explores spaces of `limits.ts`, by default all, and fails when it finds something. The same number
 * of states is there whichever side is left.
 */
function main(): void {
  const args = process.argv.slice(2);
  const rules = args.includes(BACKWARD) ? BACKWARD_RULES : PRODUCTION_RULES;
  const wanted = args.filter((arg) => arg !== BACKWARD);
  const names = wanted.length > 0 ? wanted : Object.keys(SPACES);
  for (const name of names) {
    const limits = SPACES[name];
    if (limits === undefined) throw new Error(`there is no space ${name}; known: ${Object.keys(SPACES).join(', ')}`);
    const { states, transitions, durationMs, isExhausted, violations } = exploreSwitchover(rules, limits);
    const extent = isExhausted ? 'the whole space' : 'NOT the whole space';
    print(`${name}: ${states} states, ${transitions} transitions, ${durationMs} ms, ${extent}`);
    for (const { what, history } of violations) print([`  ${what}`, ...history].join('\n    '));
    if (violations.length > 0 || !isExhausted) process.exitCode = 1;
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

main();
