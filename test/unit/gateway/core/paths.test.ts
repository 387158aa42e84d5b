import { pathOf } from '../../../../gateway/core/path-of';
import { adminPath } from '../../../../hydra/versions';
import { isIntrospection, judgeIntrospection } from '../../../../gateway/core/introspection';
import { SidePicker } from '../../../../gateway/core/side-picker';
import { parseGatewayState } from '../../../../gateway/core/gateway-state';

describe('admin paths', () => {
  it.each([
    ['/clients?limit=1', '/clients?limit=1', '/admin/clients?limit=1'],
    ['/admin/clients/x%2Fy', '/clients/x%2Fy', '/admin/clients/x%2Fy'],
    ['/health/ready', '/health/ready', '/health/ready'],
    ['/admin/health/alive?x', '/health/alive?x', '/health/alive?x'],
    ['/version', '/version', '/version'],
    ['/metrics/prometheus', '/metrics/prometheus', '/admin/metrics/prometheus'],
    ['/admin/metrics/prometheus', '/metrics/prometheus', '/admin/metrics/prometheus'],
    ['/administrators', '/administrators', '/admin/administrators'],
    ['*', '*', '*'],
  ])('%s becomes %s for generation 1 and %s for generation 2', (asked, first, second) => {
    expect(adminPath(asked, 1)).toBe(first);
    expect(adminPath(asked, 2)).toBe(second);
  });

  it('lose nothing but the query', () => {
    expect(pathOf('/a?b?c')).toBe('/a');
    expect(pathOf('/a')).toBe('/a');
  });
});

describe('introspection', () => {
  it.each([
    '/oauth2/introspect',
    '/admin/oauth2/introspect?x',
    '/oauth2/introspect/',
    '//oauth2//introspect',
    '/oauth2/./introspect',
    '/oauth2/%69ntrospect',
    '/OAuth2/Introspect',
  ])('is recognised in %s', (target) => {
    expect(isIntrospection('POST', target)).toBe(true);
  });

  it.each([
    ['GET', '/oauth2/introspect'],
    ['POST', '/oauth2/token'],
    ['POST', '/oauth2/introspect/more'],
    ['POST', '/introspect'],
    ['POST', '/%'],
  ])('is not seen in %s %s', (method, target) => {
    expect(isIntrospection(method, target)).toBe(false);
  });

  it.each([
    [200, '{"active":true}', 'active'],
    [401, '', 'other_status'],
    [500, '{"active":false}', 'other_status'],
    [200, '{"active":false}', 'inactive_or_unclear'],
    [200, '{"active":"true"}', 'inactive_or_unclear'],
    [200, '', 'inactive_or_unclear'],
    [200, 'null', 'inactive_or_unclear'],
  ] as const)('judges %i %s as %s', (status, body, verdict) => {
    expect(judgeIntrospection(status, body)).toBe(verdict);
  });
});

describe('weights', () => {
  it.each([
    [1, 0, 0],
    [0, 1, 1_000],
    [3, 1, 250],
    [1, 3, 750],
    [999, 1, 1],
    [50, 50, 500],
  ])('of %i to %i send %i of 1000 requests to green, evenly', (blue, green, expected) => {
    const picker = new SidePicker();
    const picks = Array.from({ length: 1_000 }, () => picker.pick({ blue, green }));
    expect(picks.filter((side) => side === 'green')).toHaveLength(expected);
  });

  it.each([
    [{ mode: 'pass', weights: { blue: 0, green: 0 } }],
    [{ mode: 'pass', weights: { blue: -1, green: 1 } }],
    [{ mode: 'pass', weights: { blue: 0.5, green: 1 } }],
    [{ mode: 'pass', weights: { blue: 1, green: 1, red: 1 } }],
    [{ mode: 'hold', weights: { blue: 1, green: 1 } }],
    [null],
  ])('are refused when they are %j', (state) => {
    expect(() => parseGatewayState(state)).toThrow();
  });
});
