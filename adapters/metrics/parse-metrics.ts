/** One line of Prometheus' text format. */
export interface MetricSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', '"': '"', '\\': '\\' };

/**
 * Reads Prometheus' text format; comments and lines that are none of it are left out.
 *
 * Source: Prometheus documentation, "Exposition formats", text-based format.
 */
export function parseMetrics(text: string): readonly MetricSample[] {
  return text.split('\n').flatMap((line) => {
    const found = LINE.exec(line.trim());
    if (found === null || line.startsWith('#')) return [];
    const [, name = '', labels = '', value = ''] = found;
    const number = readNumber(value);
    return number === undefined ? [] : [{ name, labels: readLabels(labels), value: number }];
  });
}

/** @returns the sum of all series of a name whose labels `accept` takes */
export function sumOf(
  samples: readonly MetricSample[],
  name: string,
  accept: (labels: MetricSample['labels']) => boolean = () => true,
): number {
  return samples.reduce((sum, sample) => (sample.name === name && accept(sample.labels) ? sum + sample.value : sum), 0);
}

/** @returns when the process began, Unix time in seconds; undefined where it does not tell */
export function startOf(samples: readonly MetricSample[]): number | undefined {
  return samples.find(({ name }) => name === 'process_start_time_seconds')?.value;
}

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [, name = '', value = ''] of text.matchAll(LABEL)) {
    labels[name] = value.replace(/\\(.)/g, (_whole, char: string) => ESCAPES[char] ?? char);
  }
  return labels;
}

function readNumber(text: string): number | undefined {
  if (/^[+-]?inf$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  const number = Number(text);
  return text === '' || Number.isNaN(number) ? undefined : number;
}
