import { resolve } from 'node:path';
import { nearest } from './nearest';
import { readText } from './read-text';
import { markStored } from './secret';

/** Largest file that a reference may name. Certificate bundles are the largest thing that belongs here. */
export const REFERENCED_FILE_BYTES_MAX = 512 * 1024;

interface ReferenceProblem {
  readonly what: string;
  readonly fix: string;
}

export interface ReferenceContext {
  readonly env: NodeJS.ProcessEnv;
  /** Folder that relative paths start at. */
  readonly baseDir: string;
  /** Whether `${secretsmanager:…}` may stand there: in secrets that the worker alone needs. @default false */
  readonly allowStored?: boolean;
  /** Puts a word in the place of what would be read. @default false */
  readonly unread?: boolean | "all but Temporal's";
}

export interface ResolvedText {
  readonly text: string;
  /** Whether there was any reference in it. */
  readonly referenced: boolean;
  readonly problems: readonly ReferenceProblem[];
}

/** `$${` is a literal `${`; the last alternative is a reference that is never closed. */
const TOKEN = /\$\$\{|\$\{([^{}]*)\}|\$\{/g;

const KINDS = ['env', 'file', 'secretsmanager'] as const;

/** A name or an ARN. Source: AWS Secrets Manager API Reference, "CreateSecret". */
const SECRET_ID = /^[A-Za-z0-9/_+=.@:-]{1,2048}$/;

/** Stands for a secret that nobody asked to read. */
const UNREAD = 'unread';

/** Whether a text holds at least one reference. */
export function hasReference(text: string): boolean {
  return text.replaceAll('$${', '').includes('${');
}

/**
 * Replaces `${env:NAME}` and `${file:PATH}` anywhere in `text`. One trailing line break of a file is dropped, because
 * editors add it. What was read is not searched for references again. `${secretsmanager:ID#KEY}` becomes a mark that
 * {@link Secret} understands: it is read later, by the worker.
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
      fix: 'write ${env:NAME}, ${file:PATH} or ${secretsmanager:ID#KEY}, or $${ for a literal ${',
    },
  };
}

function resolveOne(inside: string, context: ReferenceContext): OneResult {
  const colon = inside.indexOf(':');
  const kind = colon < 0 ? '' : inside.slice(0, colon);
  const name = inside.slice(colon + 1);
  if (kind === 'secretsmanager') return resolveStored(name, context);
  // Where others are read, one that is not must never be taken for a value.
  if (context.unread === true && (kind === 'env' || kind === 'file')) return { text: UNREAD };
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

function resolveStored(name: string, context: ReferenceContext): OneResult {
  const [secretId = '', jsonKey, ...more] = name.split('#');
  if (context.allowStored !== true) {
    return {
      problem: {
        what: 'refers to AWS Secrets Manager, which is asked for secrets of the worker alone',
        fix: 'write ${env:NAME} or ${file:PATH} here: the command line needs it too, or it is no secret',
      },
    };
  }
  if (!SECRET_ID.test(secretId) || jsonKey === '' || more.length > 0) {
    return {
      problem: {
        what: 'refers to AWS Secrets Manager without a usable name',
        fix: 'write ${secretsmanager:ID} or, for one key of a JSON text, ${secretsmanager:ID#KEY}; ID is a name or an ARN',
      },
    };
  }
  return { text: markStored(jsonKey === undefined ? { secretId } : { secretId, jsonKey }) };
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
  if ('text' in result && !result.text.includes('\0')) return { text: result.text.replace(/\r?\n$/, '') };
  if ('text' in result) {
    return { problem: { what: `refers to the file ${path}, which holds a NUL byte`, fix: 'save it as text' } };
  }
  return {
    problem: { what: `refers to the file ${path}, which ${result.unreadable.what}`, fix: result.unreadable.fix },
  };
}
