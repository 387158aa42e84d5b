/** What one phase of a runbook is. Texts, predictions, traces and the ways back are read from it or held against it by tests. */
export interface PhaseRow<Step extends string> {
  /** What `status`, Current Details and the report say of it. */
  readonly title: string;
  /** Every step that it takes forward, in order. Empty: it waits for a person, or only rehearsals go through it. */
  readonly acts: readonly Step[];
  /** What it takes in a rehearsal. @default a rehearsal leaves it out */
  readonly trials?: readonly Step[];
  /** The step that takes it back; `with green`: it goes when green is deleted. @default nothing to take back */
  readonly undo?: Step | 'with green';
  /** No way leads back from here. */
  readonly isAfterCommit?: true;
  /** After the commit: whether a person may let it pass as it is (`skip` at gate `intervene`). */
  readonly maySkip?: true;
  /** Whether `gates.before` may put a gate in front of it. */
  readonly mayBeAskedFor?: true;
  /** What its duration grows with. @default with nothing that is known */
  readonly growsWith?: 'bytes' | 'rows';
  /**
   * Those of its steps that do not note on blue that they begin: blue has no arbiter yet, they only look, or the arbiter keeps their
   * attempts itself. What a rehearsal alone takes notes nothing there in any case.
   */
  readonly untraced?: readonly Step[];
  /** How long a person thinks says nothing about the next one: it is not predicted. */
  readonly waitsForPeople?: true;
}

export type Runbook<Step extends string> = Readonly<Record<string, PhaseRow<Step>>>;

/** The steps that take a runbook back, the newest phase first. */
export function waysBack<Step extends string>(runbook: Runbook<Step>): readonly Step[] {
  return Object.values(runbook)
    .flatMap(({ undo }) => (undo === undefined || undo === 'with green' ? [] : [undo]))
    .reverse();
}

/** Names of the rows that are so, in the runbook's order. */
export function phasesWhere<Book extends Runbook<string>>(
  runbook: Book,
  isSo: (row: PhaseRow<string>) => boolean,
): readonly (keyof Book & string)[] {
  return Object.keys(runbook).filter((name) => isSo(runbook[name] as PhaseRow<string>));
}

/** Titles by name. */
export function titlesOf<Book extends Runbook<string>>(runbook: Book): Readonly<Record<keyof Book & string, string>> {
  const titles = Object.entries(runbook).map(([name, { title }]) => [name, title] as const);
  return Object.fromEntries(titles) as Record<keyof Book & string, string>;
}
