import { errorMessage } from '../../domain/error-message';
import { type ChildProcess, spawn } from 'node:child_process';
import { commandSaid } from '../../domain/command-said';
import { CutoverFault } from '../../domain/faults';
import {
  type CommandName,
  type CommandOptions,
  type CommandResult,
  type CommandRunner,
} from '../../domain/ports/command-runner';
import { CollectedOutput } from './collected-output';
import { programProblem } from './find-program';
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
  /** Is told every line as it comes, without secrets and contents: for a log. What it throws ends the command. */
  readonly onLine?: (command: Name, line: string) => void;
}

const KILL_GRACE_MS = 10_000;
/** A value given at run time that is shorter (a port, a side) is no secret and stands in much of the output. */
const RUN_TIME_SECRET_LENGTH_MIN = 8;

/**
 * {@link CommandRunner} over child processes: a group of its own, no shell, no input, an environment of `PATH`, `HOME` and what is
 * given. A process that the command leaves behind on purpose (a server it started) is left alone unless the command is ended.
 */
export class ProcessCommandRunner<Name extends string = CommandName> implements CommandRunner<Name> {
  readonly #commands: ProcessCommandRunnerOptions<Name>['commands'];
  readonly #killGraceMs: number;
  readonly #onLine: ProcessCommandRunnerOptions<Name>['onLine'];

  constructor(options: ProcessCommandRunnerOptions<Name>) {
    this.#commands = options.commands;
    this.#killGraceMs = options.killGraceMs ?? KILL_GRACE_MS;
    this.#onLine = options.onLine;
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
    const output = new CollectedOutput(redactionOf(spec, options), (line) => this.#onLine?.(name, line));
    const startedAt = performance.now();
    const child = start(spec, options.env ?? {});
    const pid = child.pid;
    const exited = exitOf(child);
    output.follow(child);
    // Without a number it was not started; the exit then tells why.
    const end = await Promise.race([exited, untilStopped(options, spec.timeoutMs, output)]).catch((error: unknown) => {
      output.release();
      throw notStarted(name, spec, errorMessage(error));
    });
    if (end.kind !== 'exit') {
      if (pid !== undefined) await endProcessGroup(pid, this.#killGraceMs);
      await exited.catch(() => undefined);
    }
    await output.finish(child);
    if (end.kind === 'abort') throw end.reason;
    if (end.kind === 'timeout') throw tookTooLong(name, spec, end.timeoutMs, output);
    if (output.failure !== undefined) throw output.failure.error;
    return {
      exitCode: end.code,
      durationMs: Math.round(performance.now() - startedAt),
      stdout: output.stdout,
      causeLines: output.causeLines,
      lineCount: output.lineCount,
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

function notStarted(name: string, spec: CommandSpec | undefined, why: string): CutoverFault {
  const what = spec === undefined ? `there is no command ${name}` : `the command ${name} could not be started: ${why}`;
  const fix = `correct ${spec?.path ?? 'blue.commands and green.commands'}`;
  return new CutoverFault('COMMAND_FAILED', `${what}; ${fix}`, { command: name });
}

function tookTooLong(name: string, spec: CommandSpec, timeoutMs: number, output: CollectedOutput): CutoverFault {
  return new CutoverFault(
    'COMMAND_FAILED',
    `the command ${name} took longer than ${timeoutMs} ms and was ended; raise ${spec.path}.timeoutMs if it needs longer. ${commandSaid(name, output)}`,
    { command: name, timeoutMs },
  );
}

function redactionOf(spec: CommandSpec, options: CommandOptions) {
  const runTime = Object.values(options.env ?? {}).filter((value) => value.length >= RUN_TIME_SECRET_LENGTH_MIN);
  return redactSecrets([...Object.values(spec.secretEnv).map((reveal) => reveal()), ...runTime]);
}
