/**
 * Why a drill, which moves the writes to green for practice, may not be done here. It goes forward as a real run does, with its
 * gates; the way back at its end comes with the rollback.
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
      fix: 'set it to true where the writes may be moved for practice, and may stay on green',
    });
  }
  return problems;
}
