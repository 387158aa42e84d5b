import { type Random } from '../../world/traffic/schedule/random';

/** Bytes that parsers disagree about, and pieces of HTTP in the wrong place. */
const SPICE = [
  ...[
    '\0',
    '\x01',
    '\x07',
    '\x0b',
    '\x0c',
    '\x7f',
    '\x80',
    '\xa0',
    '\xff',
    '\t',
    ' ',
    '\r',
    '\n',
    '\r\n',
    '\r\n\r\n',
    ':',
    ',',
  ],
  ...['Content-Length: 3\r\n', 'Transfer-Encoding: chunked\r\n', 'Connection: close\r\n', 'Connection: keep-alive\r\n'],
  ...[
    'Trailer: X\r\n',
    'X(y): 1\r\n',
    '0\r\n\r\n',
    '5\r\nabcde\r\n',
    'HTTP/1.1 200 OK\r\n',
    'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n',
  ],
  ...['GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n', ' chunked', 'HTTP/1.0', '+', '-', '0x', '99999999999999999999'],
];

/** `text` (latin1) with one to four changes: spice, a piece left out, doubled or taken from `other`, or a byte changed. */
export function mutate(random: Random, text: string, other: string): string {
  let mutated = text;
  for (let count = 1 + random.below(4); count > 0; count -= 1) {
    const at = random.below(mutated.length + 1);
    const length = 1 + random.below(random.below(4) === 0 ? 40 : 4);
    const [before, piece, after] = [mutated.slice(0, at), mutated.slice(at, at + length), mutated.slice(at + length)];
    switch (random.below(6)) {
      case 0:
        mutated = before + after;
        break;
      case 1:
        mutated = before + piece + piece + after;
        break;
      case 2:
        mutated = before + String.fromCharCode(random.below(256)) + piece.slice(1) + after;
        break;
      case 3: {
        const from = random.below(other.length);
        mutated = before + other.slice(from, from + length * 4) + piece + after;
        break;
      }
      default:
        mutated = before + (random.pick(SPICE) ?? '') + piece + after;
    }
  }
  return mutated;
}

/** `text` cut into one to four pieces, as the network might. */
export function pieces(random: Random, text: string): string[] {
  const cuts = Array.from({ length: random.below(4) }, () => random.below(text.length + 1)).sort((a, b) => a - b);
  return [0, ...cuts]
    .map((from, index) => text.slice(from, cuts[index] ?? text.length))
    .filter((piece) => piece !== '');
}
