import { type ErrorCode } from 'yaml';

interface YamlErrorText {
  readonly what: string;
  readonly fix: string;
}

const QUOTE = 'put quotes around values with special characters, and check the line above too';

/** By code of the `yaml` package; its own messages quote the source and are not used. Codes that are not here are `SYNTAX`. */
const TEXTS: Partial<Record<ErrorCode, YamlErrorText>> = {
  BAD_ALIAS: { what: 'an anchor or alias without a usable name', fix: 'quote values that start with `&` or `*`' },
  ALIAS_PROPS: { what: 'an alias with a tag or anchor of its own', fix: 'quote values that start with `*`' },
  BAD_DQ_ESCAPE: {
    what: 'an unknown escape in a double-quoted value',
    fix: 'use single quotes, or write `\\\\` for `\\`',
  },
  BAD_INDENT: { what: 'the indentation does not fit', fix: 'indent keys of one section by the same number of spaces' },
  BAD_SCALAR_START: { what: 'a value starts with a character that YAML reserves', fix: 'put quotes around it' },
  BLOCK_AS_IMPLICIT_KEY: {
    what: 'a second `key: value` on one line',
    fix: 'give each key its own line, and quote values that contain `: `',
  },
  DUPLICATE_KEY: { what: 'this key was written before in the same section', fix: 'keep one of them' },
  MULTILINE_IMPLICIT_KEY: {
    what: 'a line is neither `key: value` nor indented as a value',
    fix: 'add the missing `: `',
  },
  MISSING_CHAR: { what: 'a character is missing: a quote, bracket, comma, colon or space', fix: QUOTE },
  MULTIPLE_DOCS: { what: 'a second document (`---`) starts', fix: 'keep one document in the file' },
  RESOURCE_EXHAUSTION: { what: 'it is nested too deeply', fix: 'use fewer levels' },
  TAB_AS_INDENT: { what: 'a tab is used for indentation', fix: 'use spaces' },
  TAG_RESOLVE_FAILED: { what: 'a tag (`!name`) that is not known', fix: 'quote values that start with `!`' },
};

const SYNTAX: YamlErrorText = { what: 'not YAML', fix: QUOTE };

export function yamlErrorText(code: ErrorCode): YamlErrorText {
  const text = TEXTS[code] ?? SYNTAX;
  return { what: `the text cannot be read here: ${text.what}`, fix: text.fix };
}
