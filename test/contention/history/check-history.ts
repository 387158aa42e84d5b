import { FRESH_GRANT, type GrantState, keyOf } from './grant-state';
import { describeOperation, isRead, type Operation, overlap } from './operation';
import { type Program, programsOf, type Seen } from './programs';

export type HistoryVerdict =
  | { readonly is: 'linearizable' }
  /** @property placed how far the best try came; `stuck` are the operations that nothing explains from there */
  | { readonly is: 'broken'; readonly placed: number; readonly stuck: readonly string[] }
  | { readonly is: 'undecided' };

/** So many situations are looked at; a history of a few dozen operations has far fewer. */
const SITUATIONS_MAX = 200_000;
const NOTHING: Seen = new Set();

/** How far one operation is: not begun, in a program, or at its end. */
interface Progress {
  readonly program: Program;
  readonly done: number;
  readonly seen: Seen;
}

interface Situation {
  readonly state: GrantState;
  /** By the operation's place; undefined where it has not begun, null where it is at its end. */
  readonly progress: readonly (Progress | null | undefined)[];
}

/**
 * Whether one grant's history can have been what a single Hydra did: some order of the moments in its requests, each between
 * invocation and answer, that explains every answer.
 *
 * The search of Wing and Gong with the memory of Lowe: a situation that was seen before is not entered again. Bounded; what is
 * too wide to be decided is said to be undecided, never right.
 * Source: J. Wing, C. Gong, "Testing and Verifying Concurrent Objects", 1993; G. Lowe, "Testing for Linearizability", 2017.
 */
export function checkHistory(history: readonly Operation[], situationsMax: number = SITUATIONS_MAX): HistoryVerdict {
  return new Search(history, situationsMax).run();
}

class Search {
  private readonly operations: readonly Operation[];
  private readonly programs: readonly (readonly Program[])[];
  private readonly visited = new Set<string>();
  private best: { readonly placed: number; readonly situation: Situation } | undefined;

  constructor(
    history: readonly Operation[],
    private readonly situationsMax: number,
  ) {
    this.operations = [...history].sort((one, other) => one.at - other.at);
    this.programs = this.operations.map((operation, index) => {
      const isContended = this.operations.some(
        (other) => other !== operation && !isRead(other) && overlap(operation, other),
      );
      return programsOf(operation, isContended, `?${index}`);
    });
  }

  run(): HistoryVerdict {
    const stack: Situation[] = [{ state: FRESH_GRANT, progress: this.operations.map(() => undefined) }];
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      const situation = this.withLooks(next);
      const key = this.keyOf(situation);
      if (this.visited.has(key)) continue;
      if (this.visited.size >= this.situationsMax) return { is: 'undecided' };
      this.visited.add(key);
      if (this.isExplained(situation)) return { is: 'linearizable' };
      this.remember(situation);
      stack.push(...this.successors(situation));
    }
    const { placed = 0, situation } = this.best ?? {};
    const open = this.possible(situation ?? { state: FRESH_GRANT, progress: [] });
    const stuck = open.flatMap((index) => this.operations[index] ?? []).map(describeOperation);
    return { is: 'broken', placed, stuck };
  }

  /** Those that may go on: sent before every answer that is still to be explained. */
  private possible({ progress }: Situation): readonly number[] {
    let earliest = Infinity;
    this.operations.forEach(({ until }, index) => {
      if (progress[index] !== null) earliest = Math.min(earliest, until);
    });
    return this.operations.flatMap(({ at }, index) => (progress[index] !== null && at < earliest ? [index] : []));
  }

  /**
   * Does every look that can be done: it changes nothing, and whoever could look later could look now. Only where no choice
   * between programs is left.
   */
  private withLooks(situation: Situation): Situation {
    let current = situation;
    for (let again = true; again;) {
      again = false;
      for (const index of this.possible(current)) {
        const [only, ...others] = this.continuations(current, index);
        if (only === undefined || others.length > 0 || !only.program[only.done]?.isLook) continue;
        const next = advance(current, index, only);
        if (next === undefined) continue;
        current = next;
        again = true;
      }
    }
    return current;
  }

  private successors(situation: Situation): readonly Situation[] {
    return this.possible(situation).flatMap((index) =>
      this.continuations(situation, index).flatMap((progress) => advance(situation, index, progress) ?? []),
    );
  }

  private continuations({ progress }: Situation, index: number): readonly Progress[] {
    const own = progress[index];
    if (own === null) return [];
    if (own !== undefined) return [own];
    return (this.programs[index] ?? []).map((program) => ({ program, done: 0, seen: NOTHING }));
  }

  /** Without those that had no answer: they may do the rest later, or never. */
  private isExplained({ progress }: Situation): boolean {
    return this.operations.every(({ until }, index) => until === Infinity || progress[index] === null);
  }

  private remember(situation: Situation): void {
    const placed = situation.progress.filter((progress) => progress === null).length;
    if (this.best === undefined || placed > this.best.placed) this.best = { placed, situation };
  }

  private keyOf({ state, progress }: Situation): string {
    const parts = progress.map((own, index) => {
      if (own === undefined) return '.';
      if (own === null) return '!';
      const program = (this.programs[index] ?? []).indexOf(own.program);
      return `(${program}:${own.done}:${[...own.seen].sort().join(',')})`;
    });
    return `${parts.join('')}|${keyOf(state)}`;
  }
}

/** @returns undefined when the next moment of this program cannot be now */
function advance(situation: Situation, index: number, { program, done, seen }: Progress): Situation | undefined {
  const result = program[done]?.act(situation.state, seen);
  if (result === undefined) return undefined;
  const isEnd = done + 1 === program.length;
  const progress = [...situation.progress];
  progress[index] = isEnd ? null : { program, done: done + 1, seen: result.seen ?? seen };
  return { state: result.state, progress };
}
