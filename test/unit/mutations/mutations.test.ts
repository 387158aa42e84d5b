import { join } from 'node:path';
import { editedSource } from '../../mutations/apply';
import { MUTATIONS } from '../../mutations/mutations';

const ROOT = join(__dirname, '..', '..', '..');

describe('the table of mutations', () => {
  it('names each once, and is long enough to mean something', () => {
    const names = MUTATIONS.map(({ file, what }) => `${file}: ${what}`);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(30);
    const edits = MUTATIONS.map((mutation) => JSON.stringify({ ...mutation, what: '' }));
    expect(new Set(edits).size).toBe(edits.length);
  });

  it.each(MUTATIONS.map((mutation) => [`${mutation.file}: ${mutation.what}`, mutation] as const))(
    'still fits the sources: %s',
    (_name, mutation) => {
      const edits = mutation.secondLine === undefined ? [mutation] : [mutation, mutation.secondLine.edit];
      for (const edit of edits) expect(editedSource(ROOT, edit)).toContain(edit.replace);
    },
  );
});
