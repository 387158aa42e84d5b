import { type Fact } from '../../../../hydra/catalog/fact';
import { judgeCatalog } from '../../../../hydra/catalog/judge-catalog';
import { RECORDED } from '../../../../hydra/catalog/recorded';

const FRESH = RECORDED.facts('1.11.10');
const DEFINITION = 'CREATE TRIGGER audit AFTER UPDATE ON auth.hydra_client FOR EACH ROW EXECUTE FUNCTION app.audit()';

function judge(table: string, definition: string) {
  const trigger: Fact = { kind: 'trigger', table, name: 'audit', definition };
  const path = RECORDED.path('1.11.10', '2.3.0');
  const found = judgeCatalog({ found: [...FRESH, trigger], fresh: FRESH, foreign: [], path, schema: 'auth' });
  return found.filter(({ object }) => object === `trigger audit on ${table}`);
}

describe("an operator's trigger", () => {
  it('is named in the plan as switched off on green, with the statement that switches it on again', () => {
    expect(judge('hydra_client', DEFINITION)).toEqual([
      {
        class: 'changed',
        object: 'trigger audit on hydra_client',
        why: expect.stringContaining('is switched off on green') as string,
        fix: 'on green, after finalize: ALTER TABLE auth.hydra_client ENABLE TRIGGER audit',
        refuses: false,
      },
    ]);
  });

  it.each([
    ['is off on blue', 'hydra_client', `${DEFINITION}, enabled D`, { class: 'harmless', refuses: false }],
    ['goes with its table', 'hydra_oauth2_consent_request', DEFINITION, { class: 'lost', refuses: false }],
    ['fires for what is replicated', 'hydra_client', `${DEFINITION}, enabled A`, { class: 'changed', refuses: true }],
  ])('that %s is told otherwise', (_what, table, definition, wanted) => {
    expect(judge(table, definition)).toEqual([expect.objectContaining(wanted)]);
  });
});
