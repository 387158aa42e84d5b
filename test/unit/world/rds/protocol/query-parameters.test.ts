import { parseQuery } from '../../../../../world/rds/protocol/query-parameters';
import { refusal } from '../refusal';

describe('parseQuery', () => {
  it('reads plain values, decoding plus signs and percent-encoding', () => {
    const parameters = parseQuery('Action=CreateDBSnapshot&Name=a+b%2Fc%C3%A9');
    expect(parameters.text('Action')).toBe('CreateDBSnapshot');
    expect(parameters.text('Name')).toBe('a b/cé');
  });

  it('takes an empty value for none', () => {
    expect(parseQuery('Marker=').text('Marker')).toBeUndefined();
  });

  it('reads nested lists by number and not by the order of arrival', () => {
    const body =
      'Filters.Filter.1.Values.Value.2=b&Filters.Filter.1.Values.Value.10=c&Filters.Filter.1.Values.Value.1=a&Filters.Filter.1.Name=engine';
    const [filter] = parseQuery(body).items('Filters', 'Filter');
    expect(filter?.text('Name')).toBe('engine');
    expect(filter?.texts('Values', 'Value')).toEqual(['a', 'b', 'c']);
  });

  it('accepts "member" as the name of list elements', () => {
    expect(parseQuery('TagKeys.member.1=x').texts('TagKeys', 'TagKey')).toEqual(['x']);
  });

  it('tells an absent list from an empty one', () => {
    expect(parseQuery('A=1').texts('TagKeys', 'TagKey')).toBeUndefined();
    expect(parseQuery('TagKeys=').texts('TagKeys', 'TagKey')).toEqual([]);
  });

  it('names the top-level parameters that nobody read', () => {
    const parameters = parseQuery('Action=X&Tags.Tag.1.Key=k&Surprise.member.1=1');
    parameters.text('Action');
    parameters.items('Tags', 'Tag');
    expect(parameters.unread()).toEqual(['Surprise']);
  });

  it.each([
    ['bad percent-encoding', 'A=%zz'],
    ['percent-encoding that is no UTF-8', 'A=%ff%fe'],
    ['a repeated name', 'A=1&A=2'],
    ['a name that is value and list', 'Tags=1&Tags.Tag.1.Key=k'],
    ['a name that is list and value', 'Tags.Tag.1.Key=k&Tags=1'],
    ['an empty part of a name', 'Tags..1=x'],
    ['an empty name', '=x'],
    ['names nested too deep', 'a.b.c.d.e.f.g.h.i=1'],
  ])('refuses %s as MalformedQueryString', (_case, body) => {
    expect(() => parseQuery(body)).toThrow(refusal('MalformedQueryString'));
  });

  it.each([
    ['an element number of zero', 'Tags.Tag.0.Key=k'],
    ['an element without a number', 'Tags.Tag.x.Key=k'],
    ['another element name', 'Tags.Label.1.Key=k'],
    ['two element names at once', 'Tags.Tag.1.Key=k&Tags.member.2.Key=k'],
    ['a plain value instead of a list', 'Tags=1'],
  ])('refuses a list with %s', (_case, body) => {
    expect(() => parseQuery(body).items('Tags', 'Tag')).toThrow(refusal('MalformedQueryString'));
  });

  it('is not confused by names of object properties', () => {
    const parameters = parseQuery('__proto__.polluted=1&constructor=2&toString.x=3');
    expect(parameters.text('constructor')).toBe('2');
    expect(parameters.text('hasOwnProperty')).toBeUndefined();
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
