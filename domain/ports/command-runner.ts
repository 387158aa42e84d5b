/** What the operator's own deployment does when asked; each is a command of the config. */
export type CommandName = 'migrate' | 'migrateStatus' | 'startGreen' | 'stopGreen' | 'stopBlue' | 'startBlue';

/** Runs the operator's commands; secrets of their environment stay inside. */
export interface CommandRunner<Name extends string = CommandName> {
  /** @returns whether the config has such a command */
  has(name: Name): boolean;

  /** Looks without running anything. @returns why the command cannot be started; undefined when it can */
  problem?(name: Name): Promise<string | undefined>;

  /**
   * Runs one command to its end. Its process group is ended (SIGTERM, later SIGKILL) when `signal` is aborted or the time is
   * over; it is gone when this returns or throws.
   *
   * @throws CutoverFault COMMAND_FAILED (not to be started, or over its time; a code other than 0 is a result, not a fault);
   *   the signal's reason
   */
  run(name: Name, options: CommandOptions): Promise<CommandResult>;
}

export interface CommandOptions {
  /** On top of what the config says. Values may be secret: they are in no log, result or fault. */
  readonly env?: Readonly<Record<string, string>>;
  /** @default as the config says for this command */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface CommandResult {
  /** null when a signal ended it. */
  readonly exitCode: number | null;
  readonly durationMs: number;
  /** With secrets replaced; for programs, never for a fault or a log. */
  readonly stdout: string;
  /** The few lines of both streams that say why it failed, without secrets and contents; may be none. */
  readonly causeLines: readonly string[];
  /** Of both streams. */
  readonly lineCount: number;
}
