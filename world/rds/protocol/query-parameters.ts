import { RdsError } from './rds-error';

/** Longest chain of names AWS uses is `Filters.Filter.1.Values.Value.1`. */
const DEPTH_MAX = 8;
const ITEMS_MAX = 1_000;

interface Node {
  value?: string;
  readonly children: Map<string, Node>;
}

/**
 * The parameters of one Query request, read by name.
 *
 * Remembers which top-level names were read, so that an action can refuse what it does not know ({@link unread}): a
 * parameter that is silently ignored would make the caller believe in something that does not happen.
 */
export class QueryParameters {
  readonly #root: Node;
  readonly #read = new Set<string>();

  constructor(root: Node) {
    this.#root = root;
  }

  /** @returns undefined when absent or empty: AWS takes an empty value for none */
  text(name: string): string | undefined {
    this.#read.add(name);
    const value = this.#root.children.get(name)?.value;
    return value === '' ? undefined : value;
  }

  has(name: string): boolean {
    this.#read.add(name);
    return this.#root.children.has(name);
  }

  /**
   * Elements of a list in the order of their numbers. Accepts the element name of the service (`Tags.Tag.1`) and the general
   * one (`Tags.member.1`), both of which clients use.
   */
  items(name: string, element: string): QueryParameters[] {
    this.#read.add(name);
    return numbered(this.#root.children.get(name), name, element).map((node) => new QueryParameters(node));
  }

  /** As {@link items}, for lists of plain values. @returns undefined when the list is absent, [] for an empty one */
  texts(name: string, element: string): string[] | undefined {
    this.#read.add(name);
    const list = this.#root.children.get(name);
    if (list === undefined) return undefined;
    return numbered(list, name, element).map((node) => {
      if (node.value === undefined) throw malformed(`the elements of ${name} must be plain values`);
      return node.value;
    });
  }

  /** The fields of a structure (`Name.Field=value`). */
  structure(name: string): QueryParameters | undefined {
    this.#read.add(name);
    const node = this.#root.children.get(name);
    return node === undefined ? undefined : new QueryParameters(node);
  }

  /** Top-level names that are present and were never asked for. */
  unread(): string[] {
    return [...this.#root.children.keys()].filter((name) => !this.#read.has(name));
  }
}

/**
 * Parses a form body.
 * @throws RdsError MalformedQueryString for bad percent-encoding, bad UTF-8, a repeated name or contradicting names
 */
export function parseQuery(body: string): QueryParameters {
  const root = newNode();
  for (const pair of body.split('&')) {
    if (pair === '') continue;
    const separator = pair.indexOf('=');
    const name = decode(separator < 0 ? pair : pair.slice(0, separator));
    const value = separator < 0 ? '' : decode(pair.slice(separator + 1));
    insert(root, name, value);
  }
  return new QueryParameters(root);
}

function insert(root: Node, name: string, value: string): void {
  const path = name.split('.');
  if (path.length > DEPTH_MAX || path.includes('')) throw malformed(`the parameter name ${quoted(name)} is not valid`);
  let node = root;
  for (const part of path) {
    if (node.value !== undefined) throw malformed(`the parameter ${quoted(name)} is both a value and a list`);
    let child = node.children.get(part);
    if (child === undefined) {
      child = newNode();
      node.children.set(part, child);
    }
    node = child;
  }
  if (node.value !== undefined) throw malformed(`the parameter ${quoted(name)} is given twice`);
  // An empty list is sent as `Tags=`, which is no contradiction to anything.
  if (node.children.size > 0) throw malformed(`the parameter ${quoted(name)} is both a value and a list`);
  node.value = value;
}

function numbered(list: Node | undefined, name: string, element: string): Node[] {
  if (list === undefined || list.children.size === 0) {
    if (list?.value !== undefined && list.value !== '') throw malformed(`${name} must be a list`);
    return [];
  }
  const names = [...list.children.keys()];
  const wrapper = names.length === 1 ? names[0] : undefined;
  if (wrapper !== element && wrapper !== 'member') {
    throw malformed(`the elements of ${name} must be named ${name}.${element}.1 and so on`);
  }
  const entries = [...(list.children.get(wrapper)?.children ?? [])];
  if (entries.length > ITEMS_MAX) throw malformed(`${name} has more than ${ITEMS_MAX} elements`);
  return entries
    .map(([index, node]) => {
      if (!/^[1-9]\d{0,5}$/.test(index)) throw malformed(`${name} has an element that is not numbered`);
      return { index: Number(index), node };
    })
    .sort((a, b) => a.index - b.index)
    .map((entry) => entry.node);
}

function newNode(): Node {
  return { children: new Map() };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw malformed('the body has percent-encoding that is not valid UTF-8');
  }
}

/** Names come from outside: only short printable ones are repeated in a message. */
function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 80).replaceAll(/[^\x20-\x7e]/g, '?'));
}

function malformed(message: string): RdsError {
  return new RdsError('MalformedQueryString', `The query string contains a syntax error: ${message}.`);
}
