import { differingFields, editedBetween } from '../../../../hydra/validation';

const BLUE = {
  client_id: 'c',
  redirect_uris: ['https://a/'],
  contacts: [],
  jwks: {},
  updated_at: '2026-01-01T00:00:00Z',
};

it('takes absent, null, empty and false for the same, and fields of one generation alone for nothing', () => {
  const green = {
    client_id: 'c',
    redirect_uris: ['https://a/'],
    contacts: null,
    owner: '',
    skip_consent: false,
    jwks: null,
  };
  expect(differingFields(BLUE, green)).toEqual([]);
});

it('names fields whose values differ, order of lists included', () => {
  expect(differingFields({ ...BLUE, scope: 'a b' }, { ...BLUE, scope: 'b a', redirect_uris: [] })).toEqual([
    'redirect_uris',
    'scope',
  ]);
});

it('knows an edit by its time, in whole seconds', () => {
  expect(editedBetween(BLUE, { ...BLUE, updated_at: '2026-01-01T00:00:00.500Z' })).toBe(false);
  expect(editedBetween(BLUE, { ...BLUE, updated_at: '2026-01-01T00:00:01Z' })).toBe(true);
});
