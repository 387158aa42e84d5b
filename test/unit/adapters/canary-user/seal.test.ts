import { seal, unseal } from '../../../../adapters/canary-user/seal';
import { type CutoverFault } from '../../../../domain/faults';

const KEY = '0123456789abcdefghijklmnop';
const SECRET = { token: 'ory_rt_a-secret-of-a-test' };

/** @returns what is said when it cannot be opened */
function refusal(work: () => unknown): CutoverFault {
  try {
    work();
  } catch (error) {
    return error as CutoverFault;
  }
  throw new Error('it was opened');
}

it('gives back what was sealed, and never the same text twice', () => {
  const [first, second] = [seal(KEY, 'a', SECRET), seal(KEY, 'a', SECRET)];
  expect(unseal(KEY, 'a', first)).toEqual(SECRET);
  expect(unseal(KEY, 'a', second)).toEqual(SECRET);
  expect(first).not.toBe(second);
  expect(Buffer.from(first, 'base64url').toString('latin1')).not.toContain('secret');
});

it.each<[string, () => unknown]>([
  ['with another key', () => unseal(`${KEY}x`, 'a', seal(KEY, 'a', SECRET))],
  ['for another name', () => unseal(KEY, 'b', seal(KEY, 'a', SECRET))],
  ['when it is cut off', () => unseal(KEY, 'a', seal(KEY, 'a', SECRET).slice(0, 20))],
  ['when it is empty', () => unseal(KEY, 'a', '')],
  ['with a key that can be guessed', () => seal('short', 'a', SECRET)],
])('opens nothing %s, and quotes nothing', (_case, work) => {
  const { code, message } = refusal(work);
  expect(code).toBe('SECRET_UNUSABLE');
  expect(message).not.toMatch(/ory_rt|0123456789|short/);
});

it('opens nothing in which any one byte was changed', () => {
  const bytes = Buffer.from(seal(KEY, 'a', SECRET), 'base64url');
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(refusal(() => unseal(KEY, 'a', changed.toString('base64url'))).code).toBe('SECRET_UNUSABLE');
  }
});
