import { type ChildProcess, spawn } from 'node:child_process';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { CutoverFault } from '../../domain/faults';
import {
  type CommandName,
  type CommandOptions,
  type CommandResult,
  type CommandRunner,
} from '../../domain/ports/command-runner';
import { programProblem } from './find-program';
import { OutputLines } from './output-lines';
import { endProcessGroup } from './process-group';
import { redactSecrets } from './redact-secrets';

export interface CommandSpec {
  /** Where it stands in the config, for messages. */
  readonly path: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Functions, so that the values are in no object that could be printed. */
  readonly secretEnv: Readonly<Record<string, () => string>>;
  readonly workingDirectory?: string;
  readonly timeoutMs: number;
}

export interface ProcessCommandRunnerOptions<Name extends string = CommandName> {
  readonly commands: Readonly<Partial<Record<NoInfer<Name>, CommandSpec>>>;
  /** Between SIGTERM and SIGKILL. @default 10_000 */
  readonly killGraceMs?: number;
}

const KILL_GRACE_MS = 10_000;
const LAST_LINES = 50;
/** More is not kept: the end of it counts. */
const STDOUT_CHARS_MAX = 1_048_576;
/** A value given at run time that is shorter (a port, a side) is no secret and stands in much of the output. */
const RUN_TIME_SECRET_LENGTH_MIN = 8;
/** What a process that outlives the command keeps open is waited for no longer. */
const OUTPUT_LIMIT_MS = 1_000;

/**
 * {@link CommandRunner} over child processes: a group of its own, no shell, no input, an environment of `PATH`, `HOME` and what is
 * given. A process that the command leaves behind on purpose (a server it started) is left alone unless the command is ended.
 */
export class ProcessCommandRunner<Name extends string = CommandName> implements CommandRunner<Name> {
  readonly #commands: ProcessCommandRunnerOptions<Name>['commands'];
  readonly #killGraceMs: number;

  constructor(options: ProcessCommandRunnerOptions<Name>) {
    this.#commands = options.commands;
    this.#killGraceMs = options.killGraceMs ?? KILL_GRACE_MS;
  }

  has(name: Name): boolean {
    return this.#commands[name] !== undefined;
  }

  async problem(name: Name): Promise<string | undefined> {
    const spec = this.#commands[name];
    if (spec === undefined) return 'the config has no such command';
    const folder = spec.workingDirectory ?? process.cwd();
    return programProblem(spec.argv[0] ?? '', folder, process.env['PATH'] ?? '');
  }

  async run(name: Name, options: CommandOptions): Promise<CommandResult> {
    options.signal?.throwIfAborted();
    const spec = this.#commands[name];
    const problem = await this.problem(name);
    if (spec === undefined || problem !== undefined) throw notStarted(name, spec, problem ?? '');
    const output = new CollectedOutput(spec, options);
    const startedAt = performance.now();
    const child = start(spec, options.env ?? {});
    const pid = child.pid;
    const exited = exitOf(child);
    output.follow(child);
    // Without a number it was not started; the exit then tells why.
    const end = await Promise.race([exited, untilStopped(options, spec.timeoutMs, output)]).catch((error: unknown) => {
      output.release();
      throw notStarted(name, spec, error instanceof Error ? error.message : String(error));
    });
    if (end.kind !== 'exit') {
      if (pid !== undefined) await endProcessGroup(pid, this.#killGraceMs);
      await exited.catch(() => undefined);
    }
    await output.finish(child);
    if (end.kind === 'abort') throw end.reason;
    if (end.kind === 'timeout') throw tookTooLong(name, spec, end.timeoutMs, output.lastLines);
    if (output.failure !== undefined) throw output.failure.error;
    return {
      exitCode: end.code,
      durationMs: Math.round(performance.now() - startedAt),
      stdout: output.stdout,
      lastLines: output.lastLines,
    };
  }
}

type End =
  | { readonly kind: 'exit'; readonly code: number | null }
  | { readonly kind: 'timeout'; readonly timeoutMs: number }
  | { readonly kind: 'abort'; readonly reason: unknown };

function start(spec: CommandSpec, runTimeEnv: Readonly<Record<string, string>>): ChildProcess {
  const [program = '', ...args] = spec.argv;
  const { PATH, HOME } = process.env;
  const secrets = Object.fromEntries(Object.entries(spec.secretEnv).map(([name, reveal]) => [name, reveal()]));
  return spawn(program, args, {
    env: {
      ...(PATH === undefined ? {} : { PATH }),
      ...(HOME === undefined ? {} : { HOME }),
      ...spec.env,
      ...secrets,
      ...runTimeEnv,
    },
    ...(spec.workingDirectory === undefined ? {} : { cwd: spec.workingDirectory }),
    // A group of its own, so that what the command starts is ended with it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function exitOf(child: ChildProcess): Promise<End> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve({ kind: 'exit', code }));
  });
}

/** Resolves when somebody or the clock wants the command to end. */
function untilStopped(options: CommandOptions, configuredMs: number, output: CollectedOutput): Promise<End> {
  const timeoutMs = options.timeoutMs ?? configuredMs;
  const { signal } = options;
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve({ kind: 'timeout', timeoutMs }), timeoutMs);
    const abort = () => resolve({ kind: 'abort', reason: signal?.reason });
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted === true) abort();
    output.onFailure = (error) => resolve({ kind: 'abort', reason: error });
    output.release = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
  });
}

/** Both streams of a command, without secrets and bounded. */
class CollectedOutput {
  readonly lastLines: string[] = [];
  stdout = '';
  failure: { readonly error: unknown } | undefined;
  onFailure: (error: unknown) => void = () => undefined;
  release: () => void = () => undefined;
  readonly #streams: readonly [OutputLines, OutputLines];
  readonly #onLine: CommandOptions['onLine'];

  constructor(spec: CommandSpec, options: CommandOptions) {
    const runTime = Object.values(options.env ?? {}).filter((value) => value.length >= RUN_TIME_SECRET_LENGTH_MIN);
    const redaction = redactSecrets([...Object.values(spec.secretEnv).map((reveal) => reveal()), ...runTime]);
    this.#onLine = options.onLine;
    this.#streams = [
      new OutputLines(redaction, (line) => {
        this.stdout = `${this.stdout}${line}\n`;
        // Cut seldom: each cut copies what is kept.
        if (this.stdout.length > 2 * STDOUT_CHARS_MAX) this.stdout = this.stdout.slice(-STDOUT_CHARS_MAX);
        this.#take(line);
      }),
      new OutputLines(redaction, (line) => this.#take(line)),
    ];
  }

  follow(child: ChildProcess): void {
    child.stdout?.on('data', (chunk: Buffer) => this.#streams[0].write(chunk));
    child.stderr?.on('data', (chunk: Buffer) => this.#streams[1].write(chunk));
  }

  /** Waits for the rest of the output, as long as nobody else keeps it open. */
  async finish(child: ChildProcess): Promise<void> {
    this.release();
    const streams = [child.stdout, child.stderr].flatMap((stream) => stream ?? []);
    const limit = new AbortController();
    const ended = streams.map((stream) =>
      stream.closed ? Promise.resolve() : new Promise<void>((resolve) => stream.once('close', resolve)),
    );
    await Promise.race([
      Promise.all(ended),
      // A turn more: what is in the pipes by then came in time, and it is this process that was late.
      sleep(OUTPUT_LIMIT_MS, undefined, { signal: limit.signal }).then(
        () => turn(),
        () => undefined,
      ),
    ]);
    limit.abort();
    for (const stream of streams) stream.destroy();
    for (const stream of this.#streams) stream.end();
    if (this.stdout.length > STDOUT_CHARS_MAX) this.stdout = this.stdout.slice(-STDOUT_CHARS_MAX);
  }

  #take(line: string): void {
    this.lastLines.push(line);
    if (this.lastLines.length > LAST_LINES) this.lastLines.shift();
    try {
      this.#onLine?.(line);
    } catch (error) {
      this.failure ??= { error };
      this.onFailure(error);
    }
  }
}

function notStarted(name: string, spec: CommandSpec | undefined, why: string): CutoverFault {
  const what = spec === undefined ? `there is no command ${name}` : `the command ${name} could not be started: ${why}`;
  const fix = `correct ${spec?.path ?? 'blue.commands and green.commands'}`;
  return new CutoverFault('COMMAND_FAILED', `${what}; ${fix}`, { command: name });
}

function tookTooLong(name: string, spec: CommandSpec, timeoutMs: number, lines: readonly string[]): CutoverFault {
  const said = lines.slice(-5).join(' | ').slice(-600);
  return new CutoverFault(
    'COMMAND_FAILED',
    `the command ${name} took longer than ${timeoutMs} ms and was ended; raise ${spec.path}.timeoutMs if it needs longer. It said: ${said}`,
    { command: name, timeoutMs },
  );
}
