/**
 * Why a drill, which moves the writes to green and back again, cannot be done. The way back is the rollback; with it this
 * becomes a question of the environment alone.
 */
export function drillProblems(environment: {
  readonly production: boolean;
  readonly allowsDrill?: boolean;
}): readonly { readonly where: string; readonly observed: string; readonly fix: string }[] {
  const problems = [];
  if (environment.production) {
    problems.push({
      where: 'environment.production',
      observed: 'a drill was asked for where real users are',
      fix: 'drill somewhere else; never here',
    });
  }
  if (environment.allowsDrill !== true) {
    problems.push({
      where: 'environment.allowsDrill',
      observed: 'a drill was asked for where the config does not allow one',
      fix: 'set it to true where the writes may be moved there and back for practice',
    });
  }
  problems.push({ where: 'mode drill', ...DRILL_NEEDS_ROLLBACK });
  return problems;
}

/** What is missing everywhere. */
export const DRILL_NEEDS_ROLLBACK = {
  observed: 'a drill ends with the rollback, which this version does not have yet',
  fix: 'use mode rehearse: it does everything up to the switchover on a copy and writes nothing to blue',
} as const;
