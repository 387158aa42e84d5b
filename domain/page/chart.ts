import { number, type Block, type LineChart } from './page';

const WIDTH = 640;
const ROW = 26;
const LEFT = 150;
const RIGHT = 110;
const HEIGHT = 240;
const MARGIN = { top: 24, right: 16, bottom: 30, left: 56 } as const;

type Bars = Extract<Block, { kind: 'bars' }>;

/** @param label what somebody hears who does not see it; escaped already */
export function chartSvg(block: Bars | LineChart, label: string): string {
  const [height, body] = block.kind === 'bars' ? bars(block) : lines(block);
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${label}">${body}</svg>`;
}

function bars({ bars: all, unit }: Bars): readonly [number, string] {
  const most = Math.max(...all.flatMap(({ value, expected = 0 }) => [value, expected]), Number.MIN_VALUE);
  const length = (value: number) => round((Math.max(0, value) / most) * (WIDTH - LEFT - RIGHT));
  const rows = all.map(({ label, value, expected }, at) => {
    const y = at * ROW;
    const wanted =
      expected === undefined
        ? ''
        : `<rect class="fill1" x="${LEFT}" y="${y + 17}" width="${length(expected)}" height="3"/>`;
    return `<text x="${LEFT - 8}" y="${y + 15}" text-anchor="end">${plain(label)}</text><rect class="fill0" x="${LEFT}" y="${y + 5}" width="${Math.max(1, length(value))}" height="11"/>${wanted}<text class="faint" x="${LEFT + length(Math.max(value, expected ?? 0)) + 6}" y="${y + 15}">${number(value)} ${plain(unit)}</text>`;
  });
  return [all.length * ROW + 6, rows.join('')];
}

function lines({ lines: all, marks }: LineChart): readonly [number, string] {
  const points = all.flatMap(({ points: its }) => its);
  const times = [...points.map(({ atMs }) => atMs), ...marks.map(({ atMs }) => atMs)];
  const [from, to] = [Math.min(...times), Math.max(...times)];
  const most = Math.max(...points.map(({ value }) => value), Number.MIN_VALUE);
  const [width, depth] = [WIDTH - MARGIN.left - MARGIN.right, HEIGHT - MARGIN.top - MARGIN.bottom];
  const x = (atMs: number) => round(MARGIN.left + (to === from ? width / 2 : ((atMs - from) / (to - from)) * width));
  const y = (value: number) => round(MARGIN.top + depth - (value / most) * depth);
  const bottom = MARGIN.top + depth;
  const axis = [0, 0.5, 1].map(
    (share) =>
      `<line class="axis" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y(most * share)}" y2="${y(most * share)}"/><text class="faint" x="${MARGIN.left - 6}" y="${y(most * share) + 4}" text-anchor="end">${number(most * share)}</text>`,
  );
  const drawn = all.map(({ points: its }, at) =>
    its.length === 1
      ? `<circle class="fill${at % 2}" cx="${x(its[0]?.atMs ?? from)}" cy="${y(its[0]?.value ?? 0)}" r="3"/>`
      : `<polyline class="line${at % 2}" points="${its.map((point) => `${x(point.atMs)},${y(point.value)}`).join(' ')}"/>`,
  );
  const marked = marks.map(
    ({ atMs, name }) =>
      `<line class="mark" x1="${x(atMs)}" x2="${x(atMs)}" y1="${MARGIN.top}" y2="${bottom}"/><text class="faint" x="${x(atMs)}" y="${MARGIN.top - 6}" text-anchor="${anchor(x(atMs))}">${plain(name)}</text>`,
  );
  const ends = `<text class="faint" x="${MARGIN.left}" y="${HEIGHT - 8}">${clock(from)}</text><text class="faint" x="${WIDTH - MARGIN.right}" y="${HEIGHT - 8}" text-anchor="end">${clock(to)} UTC</text>`;
  const legend = all.map(
    ({ name }, at) =>
      `<text class="fill${at % 2}" x="${WIDTH / 2 + (at - (all.length - 1) / 2) * 150}" y="${HEIGHT - 8}" text-anchor="middle">${plain(name)}</text>`,
  );
  return [HEIGHT, [...axis, ...marked, ...drawn, ends, ...(all.length > 1 ? legend : [])].join('')];
}

/** A name at the edge stays inside. */
function anchor(x: number): 'start' | 'middle' | 'end' {
  if (x < WIDTH * 0.2) return 'start';
  return x > WIDTH * 0.8 ? 'end' : 'middle';
}

function clock(atMs: number): string {
  return new Date(atMs).toISOString().slice(11, 19);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function plain(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
