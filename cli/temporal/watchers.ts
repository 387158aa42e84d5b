import { type Writable } from 'node:stream';
import { lineJson, screenOf, type CliContext } from '../context';
import { type EnvironmentOptions } from './environment-options';
import { type Look } from './look';
import { renderScreen, statusLines } from './render-status';

/** Where pictures of a cutover go while it is followed. */
export interface Watcher {
  readonly show: (now: Look) => void;
  /** False once nobody reads any more (`status --watch | head -1`). */
  readonly isHeard: () => boolean;
  /** True where the last picture has to be shown once more, whole. */
  readonly isScreen: boolean;
}

type Options = Pick<EnvironmentOptions, 'config' | 'json'>;

/** For `status --watch`: one screen on a terminal, one object in a line with `--json`, else a line for each thing that is new. */
export function watcherOf(context: CliContext, options: Options): Watcher {
  const { stdout } = context;
  if (options.json) return heard(stdout, { show: jsonLines(context), isScreen: false });
  return screenOf(context, stdout) === undefined ? lineWatcher(stdout, options) : screenWatcher(context, options);
}

/** For `start --wait`, whose result is its end. */
export function waitWatcherOf(context: CliContext, options: Options): Watcher {
  return options.json ? lineWatcher(context.stderr, options) : watcherOf(context, options);
}

function heard(stream: Writable, watcher: Omit<Watcher, 'isHeard'>): Watcher {
  let isHeard = true;
  // A stream of the process stays writable after that.
  stream.once('error', () => (isHeard = false));
  return { ...watcher, isHeard: () => isHeard };
}

/** The last picture is the result, with what the databases say: whoever ends prints that one. */
function jsonLines(context: CliContext): Watcher['show'] {
  let shown = '';
  return (now) => {
    if (now.temporal !== 'RUNNING') return;
    const text = JSON.stringify(now);
    if (text !== shown) lineJson(context, { verb: 'status', ok: true, ...now });
    shown = text;
  };
}

function lineWatcher(stream: Writable, { config }: Options): Watcher {
  let known = new Set<string>();
  return heard(stream, {
    isScreen: false,
    show: (now) => {
      const lines = statusLines(now, config);
      for (const line of lines) if (!known.has(line)) stream.write(`${line}\n`);
      known = new Set(lines);
    },
  });
}

const HOME = '\u001B[H';
const CLEAR_LINE = '\u001B[K';
const CLEAR_BELOW = '\u001B[J';
const CLEAR_ALL = '\u001B[2J';

/** Draws over what it drew before; nothing flickers, because nothing is cleared that stays. */
function screenWatcher(context: CliContext, { config }: Options): Watcher {
  const { stdout } = context;
  let drawn = '';
  return heard(stdout, {
    isScreen: true,
    show: (now) => {
      // Somebody may have made the window larger.
      const { columns, rows } = screenOf(context, stdout) ?? { columns: 80, rows: 24 };
      const lines = renderScreen(now, config, columns, rows);
      const size = `${columns}x${rows}`;
      const begin = drawn === size ? HOME : `${CLEAR_ALL}${HOME}`;
      drawn = size;
      stdout.write(`${begin}${lines.map((line) => `${line}${CLEAR_LINE}`).join('\n')}\n${CLEAR_BELOW}`);
    },
  });
}

/** Makes room for the last picture. */
export function leaveScreen({ stdout }: CliContext, { isScreen }: Watcher): void {
  if (isScreen) stdout.write(`${CLEAR_ALL}${HOME}`);
}
