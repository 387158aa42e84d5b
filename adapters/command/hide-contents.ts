const HIDDEN = '[hidden]';
/** A line that is longer is no message, and patterns take their time over it. */
const LINE_CHARS_MAX = 1_000;
/** Names of values that are secret. Bounded, so that a long line costs no more than its length. */
const SECRET_NAME =
  '[\\w-]{0,40}(?:password|passwd|passphrase|secret|token|api_?key|private_?key|access_?key|authorization|cookie|credential|dsn)[\\w-]{0,40}';

/** In this order: what an earlier rule hid means nothing to a later one. */
const RULES: readonly (readonly [RegExp, string])[] = [
  // An address with a password.
  [/\b([a-z][a-z0-9+.-]{0,20}:\/\/[^\s:/@]*):[^\s@]+@/gi, `$1:${HIDDEN}@`],
  [/\b(Bearer|Basic)\s+[^\s"',;]+/gi, `$1 ${HIDDEN}`],
  // `NAME=value`, `"name": "value"`, `--name value` where the name says that the value is secret.
  [new RegExp(`(${SECRET_NAME}["']?\\s*[=:]\\s*)("[^"]*"|'[^']*')`, 'gi'), `$1"${HIDDEN}"`],
  [new RegExp(`(${SECRET_NAME}["']?\\s*[=:]\\s*)[^\\s,;}"']+`, 'gi'), `$1${HIDDEN}`],
  [new RegExp(`(--${SECRET_NAME}\\s+)\\S+`, 'gi'), `$1${HIDDEN}`],
  // Tokens of Hydra, JSON Web Tokens, and what is long and random.
  [/\bory_[a-z]{2}_[\w.~-]+/g, HIDDEN],
  [/\beyJ[\w-]+\.[\w.-]*/g, HIDDEN],
  [/\b[0-9a-f]{32,}\b/gi, HIDDEN],
  [/(?<![\w/+-])(?=[\w+-]*\d)(?=[\w+-]*[a-z])(?=[\w+-]*[A-Z])[\w+-]{32,}={0,2}/g, HIDDEN],
  // What PostgreSQL says of rows. Source: its manual, "Error Message Style Guide" and the messages of its constraints.
  [/\bKey \(([^)]*)\)=\(.*\)/g, `Key ($1)=(${HIDDEN})`],
  [/\bFailing row contains \(.*\)/g, `Failing row contains (${HIDDEN})`],
  [/\b(JSON data, line \d+):.*/g, `$1: ${HIDDEN}`],
  [/((?::|\b(?:value|token|text|character|string))\s+)"(?:[^"]|"(?=\w))*"/gi, `$1"${HIDDEN}"`],
];

/**
 * Takes out of a line what nobody configured and what all the same must not be kept: credentials by their shape, and what
 * PostgreSQL quotes of rows. The second line of defence after the secrets of the config, which are replaced by value.
 *
 * Pure. It knows shapes, so it may hide too much; a secret without any shape passes.
 */
export function hideContents(line: string): string {
  const said = fromJson(line);
  const more = said.length <= LINE_CHARS_MAX ? '' : `… (${said.length} characters)`;
  const shown = RULES.reduce((rest, [pattern, hidden]) => rest.replace(pattern, hidden), said.slice(0, LINE_CHARS_MAX));
  return `${shown.replace(/"[^"]*"/g, nameOrNothing)}${more}`;
}

/** Programs that log JSON: the level and what is said, without the fields, which may be anything. */
function fromJson(line: string): string {
  if (!line.startsWith('{') || !line.endsWith('}')) return line;
  try {
    const fields = JSON.parse(line) as Readonly<Record<string, unknown>>;
    const said = ['level', 'severity', 'msg', 'message', 'error', 'err'].flatMap((name) => {
      const value = fields[name];
      return typeof value === 'string' ? [value] : [];
    });
    return said.length === 0 ? line : said.join(': ');
  } catch {
    return line;
  }
}

/** In quotes a name of a thing may stay; anything else may be content. */
function nameOrNothing(quoted: string): string {
  const text = quoted.slice(1, -1);
  return text === HIDDEN || /^[A-Za-z_][\w.$-]{0,62}$/.test(text) ? quoted : `"${HIDDEN}"`;
}
