const REPLACEMENT = '[redacted]';
/** A line of a secret that is shorter says nothing, and is part of much that is not secret. */
const PART_LENGTH_MIN = 6;

/** Replaces secrets in text; `longest` is how much of a text may be the beginning of one. */
export interface Redaction {
  readonly longest: number;
  replace(text: string): string;
}

/**
 * @param secrets texts that must not be shown. Of one with several lines each line is replaced too, because output comes in
 *   lines; of an address the password is.
 */
export function redactSecrets(secrets: readonly string[]): Redaction {
  const parts = secrets.flatMap((secret) => [
    secret,
    ...secret.split(/\r?\n/).filter((line) => line.length >= PART_LENGTH_MIN),
    ...passwordsOf(secret),
  ]);
  // The longest first: one may hold another.
  const sorted = [...new Set(parts)].filter((part) => part !== '').sort((a, b) => b.length - a.length);
  return {
    longest: sorted[0]?.length ?? 0,
    replace: (text) => sorted.reduce((rest, part) => rest.replaceAll(part, REPLACEMENT), text),
  };
}

function passwordsOf(text: string): readonly string[] {
  if (!URL.canParse(text)) return [];
  const { password } = new URL(text);
  return password === '' ? [] : [password, decoded(password)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
