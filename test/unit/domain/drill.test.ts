import { drillProblems } from '../../../domain/drill';

const where = (environment: { production: boolean; allowsDrill?: boolean }) =>
  drillProblems(environment).map((problem) => problem.where);

describe('a drill', () => {
  it('is refused where real users are, whatever the config allows', () => {
    expect(where({ production: true, allowsDrill: true })).toEqual(['environment.production']);
  });

  it('is refused where the config does not allow it, with every reason', () => {
    expect(where({ production: false })).toEqual(['environment.allowsDrill']);
    expect(where({ production: true })).toEqual(['environment.production', 'environment.allowsDrill']);
  });

  it('may be done elsewhere', () => {
    expect(where({ production: false, allowsDrill: true })).toEqual([]);
  });
});
