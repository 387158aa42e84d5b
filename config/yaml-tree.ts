import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
  type YAMLMap,
} from 'yaml';
import { formatPath, type ConfigProblem } from './problems';
import { yamlErrorText } from './yaml-errors';

/** Plain JSON values of a YAML text, and where each of them was written. */
export interface YamlTree {
  readonly tree: unknown;
  readonly problems: readonly ConfigProblem[];
  /** Whether the text could not be understood as a whole, so that judging `tree` would only repeat that. */
  readonly broken: boolean;
  /** `line:column` of a path or of its nearest ancestor that was written. */
  readonly locate: (path: readonly PropertyKey[]) => string | undefined;
}

const DEPTH_MAX = 32;
const NODES_MAX = 20_000;

/**
 * Parses YAML 1.2 (JSON is YAML) and never throws. Texts of the parser are not passed on, because they quote the source,
 * which may be a secret.
 *
 * @param name how the source is called in problems
 */
export function parseYamlTree(text: string, name: string): YamlTree {
  const lines = new LineCounter();
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${line}:${col}`;
  };
  const broken = (problems: readonly ConfigProblem[]): YamlTree => ({
    tree: undefined,
    problems,
    broken: true,
    locate: () => undefined,
  });
  let document: Document;
  try {
    document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  } catch {
    // The parser is recursive: only nesting that exhausts the stack gets here.
    return broken([{ path: '', at: name, what: 'is nested too deeply', fix: `use at most ${DEPTH_MAX} levels` }]);
  }
  const problems = [...document.errors, ...document.warnings].map((error): ConfigProblem => {
    return { path: '', at: `${name}:${at(error.pos[0])}`, ...yamlErrorText(error.code) };
  });
  if (document.errors.some((error) => error.code !== 'DUPLICATE_KEY')) return broken(problems);
  const builder = new TreeBuilder(document, name, at);
  const tree = builder.build();
  return {
    tree,
    problems: [...problems, ...builder.problems],
    broken: builder.gaveUp,
    locate: (path) => builder.locate(path),
  };
}

/** As it was meant: `8080:` is the key 8080, `true:` the key true. */
function keyText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Turns nodes into plain values. Aliases are followed with a budget, so that a small text cannot grow without bound. */
class TreeBuilder {
  readonly problems: ConfigProblem[] = [];
  gaveUp = false;
  readonly #positions = new Map<string, number>();
  #nodes = 0;

  constructor(
    private readonly document: Document,
    private readonly name: string,
    private readonly at: (offset: number) => string,
  ) {}

  build(): unknown {
    return this.#value(this.document.contents, []);
  }

  locate(path: readonly PropertyKey[]): string | undefined {
    for (let length = path.length; length >= 0; length -= 1) {
      const offset = this.#positions.get(JSON.stringify(path.slice(0, length)));
      if (offset !== undefined) return this.at(offset);
    }
    return undefined;
  }

  #value(node: unknown, path: readonly PropertyKey[]): unknown {
    this.#nodes += 1;
    if (this.#nodes > NODES_MAX || path.length > DEPTH_MAX) return this.#giveUp(path);
    const key = JSON.stringify(path);
    const offset = (node as Node | null)?.range?.[0];
    if (offset !== undefined && !this.#positions.has(key)) this.#positions.set(key, offset);
    if (isAlias(node)) {
      const target = node.resolve(this.document);
      if (target !== undefined) return this.#value(target, path);
      this.#problem(
        path,
        offset,
        'is an alias (`*name`) without its anchor (`&name`)',
        'quote the value if it starts with `*`',
      );
      return undefined;
    }
    if (isMap(node)) return this.#map(node, path);
    if (isSeq(node)) return node.items.map((item, index) => this.#value(item, [...path, index]));
    if (isScalar(node)) return node.value;
    return null;
  }

  #map(node: YAMLMap, path: readonly PropertyKey[]): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    for (const pair of node.items) {
      const offset = (pair.key as Node | null)?.range?.[0];
      if (!isScalar(pair.key) || pair.key.value === null) {
        this.#problem(path, offset, 'has a key that is not a plain word', 'write the key as a word followed by `: `');
        continue;
      }
      const key = keyText(pair.key.value);
      if (offset !== undefined) this.#positions.set(JSON.stringify([...path, key]), offset);
      // Not an assignment: a key `__proto__` would set the prototype and vanish from the check for unknown keys.
      Object.defineProperty(result, key, {
        value: this.#value(pair.value, [...path, key]),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    return result;
  }

  #giveUp(path: readonly PropertyKey[]): undefined {
    if (this.gaveUp) return undefined;
    this.gaveUp = true;
    const what = `is too large: more than ${DEPTH_MAX} levels or ${NODES_MAX} values (aliases are counted each time)`;
    this.#problem(path.slice(0, 2), undefined, what, 'remove what does not belong to this config');
    return undefined;
  }

  #problem(path: readonly PropertyKey[], offset: number | undefined, what: string, fix: string): void {
    const position = offset === undefined ? this.locate(path) : this.at(offset);
    const at = position === undefined ? this.name : `${this.name}:${position}`;
    this.problems.push({ path: formatPath(path), at, what, fix });
  }
}
