import { resolve } from 'node:path';
import { nearest } from './nearest';
import { readText } from './read-text';

/** Largest file that a reference may name. Certificate bundles are the largest thing that belongs here. */
export const REFERENCED_FILE_BYTES_MAX = 512 * 1024;

export interface ReferenceProblem {
  readonly what: string;
  readonly fix: string;
}

export interface ReferenceContext {
  readonly env: NodeJS.ProcessEnv;
  /** Folder that relative paths start at. */
  readonly baseDir: string;
}

export interface ResolvedText {
  readonly text: string;
  /** Whether there was any reference in it. */
  readonly referenced: boolean;
  readonly problems: readonly ReferenceProblem[];
}

/** `$${` is a literal `${`; the last alternative is a reference that is never closed. */
const TOKEN = /\$\$\{|\$\{([^{}]*)\}|\$\{/g;

const KINDS = ['env', 'file'] as const;

/** Whether a text holds at least one reference. */
export function hasReference(text: string): boolean {
  return text.replaceAll('$${', '').includes('${');
}

/**
 * Replaces `${env:NAME}` and `${file:PATH}` anywhere in `text`. One trailing line break of a file is dropped, because
 * editors add it. What was read is not searched for references again.
 */
export function resolveReferences(text: string, context: ReferenceContext): ResolvedText {
  const problems: ReferenceProblem[] = [];
  let referenced = false;
  const resolved = text.replace(TOKEN, (token: string, inside: string | undefined) => {
    if (token === '$${') return '${';
    referenced = true;
    const result = inside === undefined ? unclosed() : resolveOne(inside, context);
    if ('text' in result) return result.text;
    problems.push(result.problem);
    return '';
  });
  return { text: resolved, referenced, problems };
}

type OneResult = { readonly text: string } | { readonly problem: ReferenceProblem };

function unclosed(): OneResult {
  return {
    problem: {
      what: 'has a reference that is not closed, or one inside another',
      fix: 'write ${env:NAME} or ${file:PATH}, or $${ for a literal ${',
    },
  };
}

function resolveOne(inside: string, context: ReferenceContext): OneResult {
  const colon = inside.indexOf(':');
  const kind = colon < 0 ? '' : inside.slice(0, colon);
  const name = inside.slice(colon + 1);
  if (kind === 'env') return resolveVariable(name, context);
  if (kind === 'file') return resolveFile(name, context);
  const meant = colon < 0 ? `env:${inside}` : `${nearest(kind, KINDS) ?? 'env'}:${name}`;
  return {
    problem: {
      what: `has a reference \${${inside}} of a kind that is not known (known: ${KINDS.join(', ')})`,
      fix: `write \${${meant}}, or $\${ for a literal \${`,
    },
  };
}

function resolveVariable(name: string, context: ReferenceContext): OneResult {
  const value = Object.hasOwn(context.env, name) ? context.env[name] : undefined;
  if (value !== undefined) return { text: value };
  const similar = nearest(name, Object.keys(context.env));
  const hint = similar === undefined ? '' : ` (${similar} is set)`;
  return {
    problem: {
      what: `refers to the environment variable ${name === '' ? 'without a name' : name}, which is not set${hint}`,
      fix: 'set the variable, or correct its name',
    },
  };
}

function resolveFile(name: string, context: ReferenceContext): OneResult {
  if (name === '' || name.includes('\0')) {
    return { problem: { what: 'refers to a file without a usable name', fix: 'write ${file:PATH}' } };
  }
  const path = resolve(context.baseDir, name);
  const result = readText(path, REFERENCED_FILE_BYTES_MAX);
  if ('text' in result) return { text: result.text.replace(/\r?\n$/, '') };
  return {
    problem: { what: `refers to the file ${path}, which ${result.unreadable.what}`, fix: result.unreadable.fix },
  };
}
