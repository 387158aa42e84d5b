import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isCutoverFault } from '../../../domain/faults';
import { minimalConfig, useConfigFolder } from './config-files';

const files = useConfigFolder();
const EXAMPLE = readFileSync(join(__dirname, '..', '..', '..', 'examples', 'hydra-cutover.yaml'), 'utf8');
const MARKER = 'mARkeR-8c1f';
const ROUNDS = 400;
/** They are many rounds for a slow processor. */
jest.setTimeout(180_000);

/** A generator with a seed (mulberry32), so that a failure can be repeated. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const PIECES = [
  '\t',
  ': ',
  '- ',
  '"',
  "'",
  '{',
  '}',
  '[',
  ']',
  '&a ',
  '*a',
  '!t ',
  '|',
  '>',
  '%',
  '#',
  '---\n',
  '...\n',
  '\0',
  '\u2028',
  '${',
  '${env:',
  '${file:/dev/zero}',
  '? ',
  '<<: ',
  '~',
  '1e999',
  '__proto__: ',
  '\r',
  '  ',
  '\uFEFF',
  '🦀',
];

function mutate(text: string, below: (n: number) => number): string {
  let result = text;
  for (let count = 1 + below(6); count > 0; count -= 1) {
    const at = below(result.length + 1);
    const to = Math.min(result.length, at + below(40));
    const piece = PIECES[below(PIECES.length)] ?? '';
    const edits = [
      () => result.slice(0, at) + piece + result.slice(at),
      () => result.slice(0, at) + result.slice(to),
      () => result.slice(0, to) + result.slice(at),
      () => result.slice(0, at) + piece + result.slice(to),
    ];
    result = edits[below(edits.length)]?.() ?? result;
  }
  return result;
}

/** Any JSON value, a few levels deep. */
function anyValue(below: (n: number) => number, depth = 0): unknown {
  const leaves = [null, true, 0, -1, 1.5, 1e300, '', 'x', '${env:S}', 'http://a', '1.11.10', MARKER, '\u0000'];
  const kind = below(depth > 3 ? 1 : 3);
  if (kind === 0) return leaves[below(leaves.length)];
  const items = Array.from({ length: below(4) }, () => anyValue(below, depth + 1));
  if (kind === 1) return items;
  const keys = ['database', 'ssl', 'name', 'x', '__proto__', 'constructor', '0', ''];
  return Object.fromEntries(items.map((item) => [keys[below(keys.length)] ?? '', item]));
}

function outcome(content: string | object) {
  const inspection = files.inspect(content, { env: { S: 'x' } });
  if ('config' in inspection) return 'accepted';
  expect(isCutoverFault(inspection.fault)).toBe(true);
  expect(['CONFIG_INVALID', 'CONFIG_UNREADABLE']).toContain(inspection.fault.code);
  expect(inspection.problems.length).toBeGreaterThan(0);
  for (const problem of inspection.problems) {
    expect(problem.at).not.toBe('');
    expect(problem.what).not.toBe('');
    expect(problem.fix).not.toBe('');
  }
  return 'refused';
}

describe('garbage', () => {
  it('made of a good file by random edits is refused with problems, never with another error', () => {
    for (let seed = 1; seed <= ROUNDS; seed += 1) {
      const text = mutate(EXAMPLE, random(seed));
      try {
        outcome(text);
      } catch (error) {
        throw new Error(`seed ${seed}: ${String(error)}\n${text}`, { cause: error });
      }
    }
  });

  it('of any JSON shape in any place is refused with problems, never with another error', () => {
    for (let seed = 1; seed <= ROUNDS; seed += 1) {
      const below = random(seed);
      const config: Record<string, unknown> = { ...minimalConfig() };
      const sections = ['environment', 'temporal', 'rds', 'blue', 'green', 'gateways', 'checks', 'log', 'x'];
      for (let count = 1 + below(3); count > 0; count -= 1)
        config[sections[below(sections.length)] ?? 'x'] = anyValue(below);
      outcome(config);
    }
  });

  it('of random bytes is refused with problems, never with another error', () => {
    for (let seed = 1; seed <= ROUNDS; seed += 1) {
      const below = random(seed);
      outcome(String.fromCharCode(...Array.from({ length: below(200) }, () => below(seed % 2 ? 128 : 0xffff))));
    }
  });

  it('in the place of a password is never repeated, whatever is wrong around it', () => {
    const text = EXAMPLE.replaceAll('${env:BLUE_DB_PASSWORD}', MARKER);
    for (let seed = 1; seed <= ROUNDS; seed += 1) {
      const below = random(seed);
      const line = text.split('\n').findIndex((candidate) => candidate.includes(MARKER));
      const lines = text.split('\n');
      // Everything but the line of the password and the ones next to it is spoiled.
      const spoiled = lines.map((candidate, index) =>
        Math.abs(index - line) > 1 && below(10) === 0 ? mutate(candidate, below) : candidate,
      );
      const inspection = files.inspect(spoiled.join('\n'), { env: { S: 'x' } });
      expect('fault' in inspection && inspection.fault.message).not.toContain(MARKER);
    }
  });
});
