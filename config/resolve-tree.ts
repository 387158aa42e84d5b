import { fieldAt } from './catalogue';
import { type Origin } from './origins';
import { hasReference, resolveReferences, type ReferenceContext } from './references';

/** Section whose secrets every verb needs, on machines that may have no access to AWS. */
const NEEDED_BY_THE_COMMAND_LINE = 'temporal';

/** What the resolver tells about one place. */
export interface TreeProblem {
  readonly path: readonly PropertyKey[];
  readonly what: string;
  readonly fix: string;
}

export interface ResolvedTree {
  readonly tree: unknown;
  readonly problems: readonly TreeProblem[];
}

/**
 * Replaces the references in every string of a tree, checks that secrets were written as references, and turns text that
 * came from outside the file (a reference, a variable, a flag) into the number or boolean that its field wants.
 *
 * @param contextOf who wrote a place, and where its relative paths start
 */
export function resolveTree(
  tree: unknown,
  contextOf: (path: readonly PropertyKey[]) => { readonly origin: Origin; readonly references: ReferenceContext },
): ResolvedTree {
  const problems: TreeProblem[] = [];
  const visit = (value: unknown, path: readonly PropertyKey[]): unknown => {
    if (Array.isArray(value)) return value.map((item, index) => visit(item, [...path, index]));
    if (typeof value === 'object' && value !== null) {
      const result: Record<string, unknown> = {};
      for (const [key, inner] of Object.entries(value)) {
        const resolved = visit(inner, [...path, key]);
        Object.defineProperty(result, key, { value: resolved, enumerable: true, configurable: true, writable: true });
      }
      return result;
    }
    return typeof value === 'string' ? visitText(value, path) : visitOther(value, path);
  };
  const visitText = (text: string, path: readonly PropertyKey[]): unknown => {
    const field = fieldAt(path);
    const { origin, references } = contextOf(path);
    if (field?.secret && origin.kind !== 'environment' && !hasReference(text)) {
      problems.push({ path, ...literalSecret(origin) });
      return undefined;
    }
    const allowStored = field?.secret === true && path[0] !== NEEDED_BY_THE_COMMAND_LINE;
    const isForAll = path[0] === NEEDED_BY_THE_COMMAND_LINE;
    const unread = field?.secret === true && (isForAll ? references.unread === true : references.unread !== false);
    const resolved = resolveReferences(text, { ...references, allowStored, unread });
    problems.push(...resolved.problems.map((problem) => ({ path, ...problem })));
    if (resolved.problems.length > 0) return undefined;
    return resolved.referenced || origin.kind !== 'file' ? coerce(resolved.text, field?.type) : resolved.text;
  };
  const visitOther = (value: unknown, path: readonly PropertyKey[]): unknown => {
    if (!fieldAt(path)?.secret || value === null || value === undefined) return value;
    problems.push({ path, ...literalSecret(contextOf(path).origin) });
    return undefined;
  };
  return { tree: visit(tree, []), problems };
}

function literalSecret(origin: Origin): { what: string; fix: string } {
  const place =
    origin.kind === 'flag' ? 'on the command line, where every user of the machine sees it' : 'in clear text';
  return {
    what: `is a secret that stands ${place}`,
    fix: 'write a reference, ${env:NAME}, ${file:PATH} or ${secretsmanager:ID#KEY}, and change the secret if others could read it',
  };
}

function coerce(text: string, type: string | undefined): unknown {
  if ((type === 'integer' || type === 'number') && /^\s*[+-]?\d+(\.\d+)?\s*$/.test(text)) return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}
